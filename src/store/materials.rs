//! The materials of a key, written with it and read with it.

use std::collections::HashSet;

use super::Error;
use super::rows::Row;
use super::transaction::Transaction;
use super::value::args;
use crate::model::{Expiration, Key, KeyMaterialId, Material, Timestamp};

/// The columns of a material beside those of its key; [`of_row`] reads them.
macro_rules! material_columns {
    () => {
        "m.id AS material_id, m.object, m.presence, m.rotation, m.description AS material_description, m.valid_to, \
         m.imported_at, m.rotated_at, m.spki, m.kcv, m.exposure"
    };
}
pub(super) use material_columns;

/// The material in a row, or `None` in the row of a key without any.
pub(super) fn of_row(row: &Row) -> Result<Option<Material>, Error> {
    let Some(id) = row.optional_array("material_id")? else { return Ok(None) };
    let valid_to = row.optional::<i64>("valid_to")?;
    Ok(Some(Material {
        id: KeyMaterialId(id),
        object: row.object("object")?,
        presence: row.named("presence")?,
        rotation: row.named("rotation")?,
        rotated_at: row.optional::<i64>("rotated_at")?.map(Timestamp::from_millis),
        description: row.get("material_description")?,
        expiration: valid_to.map_or(Expiration::Never, |end| Expiration::At(Timestamp::from_millis(end))),
        imported_at: row.time("imported_at")?,
        spki: row.optional("spki")?,
        kcv: row.optional_array("kcv")?,
        exposure: row.named("exposure")?,
    }))
}

const INSERT: &str = "INSERT INTO materials (key_id, place, id, object, presence, rotation, description, valid_to, imported_at, \
                      spki, kcv, exposure, rotated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const UPDATE: &str = "UPDATE materials SET place = $2, object = $4, presence = $5, rotation = $6, description = $7, valid_to = $8, \
                      imported_at = $9, spki = $10, kcv = $11, exposure = $12, rotated_at = $13 WHERE key_id = $1 AND id = $3";

impl Transaction {
    /// Makes the recorded materials of `key` those it has. A row that stays is changed, and not written anew: a newer program may have
    /// columns in it that this one does not know of.
    pub(super) async fn write_materials(&mut self, key: &Key) -> Result<(), Error> {
        let rows = self.rows("SELECT id FROM materials WHERE key_id = $1", args![key.id.as_str()]).await?;
        let recorded = rows.iter().map(|row| row.array("id").map(KeyMaterialId)).collect::<Result<HashSet<_>, _>>()?;
        for gone in recorded.iter().filter(|id| !key.materials.iter().any(|material| material.id == **id)) {
            let sql = "DELETE FROM materials WHERE key_id = $1 AND id = $2";
            self.execute(sql, args![key.id.as_str(), gone.0.as_slice()]).await?;
        }
        // In the order of their places: one that moves goes to where another is no more.
        for (place, material) in (0_u32..).zip(&key.materials) {
            let sql = if recorded.contains(&material.id) { UPDATE } else { INSERT };
            self.write_material(sql, key, place, material).await?;
        }
        Ok(())
    }

    async fn write_material(&mut self, sql: &'static str, key: &Key, place: u32, material: &Material) -> Result<(), Error> {
        let Material {
            id,
            object,
            presence,
            rotation,
            rotated_at,
            description,
            expiration,
            imported_at,
            spki,
            kcv,
            exposure,
        } = material;
        let args = args![
            key.id.as_str(),
            place,
            id.0.as_slice(),
            object,
            presence.as_str(),
            rotation.as_str(),
            description.as_str(),
            expiration.end(),
            *imported_at,
            spki.as_deref(),
            kcv.as_ref().map(<[u8; 3]>::as_slice),
            exposure.as_str(),
            *rotated_at,
        ];
        self.execute(sql, args).await.map(drop)
    }
}
