//! The services of several Regions, and how each of them is reached.

use keyferry::client::Client;

use super::{REGION, Settings};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::profile;

impl Settings {
    /// Connects to the service of this Region: through the endpoint URL, where it has a place for the Region; else as the profile says
    /// that is of the Region, and nothing but it, for certificates and addresses belong together.
    ///
    /// # Errors
    /// Where nothing says how the Region is reached, or what is reached is another.
    pub(crate) async fn connect_in(&self, region: &str, globals: &Globals) -> Result<Client, Failure> {
        let (globals, remedy) = if self.endpoint_url.as_ref().is_some_and(|url| url.contains(REGION)) {
            let globals = Globals { region: Some(region.to_owned()), ..globals.clone() };
            (globals, "Correct the endpoint URL".to_owned())
        } else {
            let name = profile::of_region(region).map_err(Failure::Configuration)?;
            let remedy = format!("Correct endpoint_url or region of the profile {name}");
            (globals.clone().of_profile(name), remedy)
        };
        let settings = Self::new(globals)?;
        let unreached = |failure: Failure| failure.noted(format!("It was to be the service of {region}"));
        let (client, _) = settings.reach().await.map_err(unreached)?;
        settings.require_region(&client, region, &remedy).await.map_err(|failure| match failure {
            Failure::Configuration(_) => failure,
            other => unreached(other),
        })?;
        Ok(client)
    }
}
