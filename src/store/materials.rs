//! The materials of a key, written with it and read with it.

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

impl Transaction {
    /// Makes the recorded materials of `key` those it has.
    pub(super) async fn write_materials(&mut self, key: &Key) -> Result<(), Error> {
        self.execute("DELETE FROM materials WHERE key_id = $1", args![key.id.as_str()]).await?;
        for (place, material) in (0_u32..).zip(&key.materials) {
            self.insert_material(key, place, material).await?;
        }
        Ok(())
    }

    async fn insert_material(&mut self, key: &Key, place: u32, material: &Material) -> Result<(), Error> {
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
        let sql = "INSERT INTO materials (key_id, place, id, object, presence, rotation, description, valid_to, \
                   imported_at, spki, kcv, exposure, rotated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
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
