//! `ApiVersionsRequest`: versions 0-4, flexible 3-4. Generated from `proto/kafka/ApiVersionsRequest.json`, not to be edited.

use crate::codec::*;

/// `ApiVersionsRequest`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApiVersionsRequest {
    /// Versions 3-4, ignorable.
    pub client_software_name: KString,
    /// Versions 3-4, ignorable.
    pub client_software_version: KString,
}

impl Wire for ApiVersionsRequest {
    const MIN: usize = 0;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.client_software_name = Wire::read(r, "ApiVersionsRequest.ClientSoftwareName")?; }
        if v >= 3 { m.client_software_version = Wire::read(r, "ApiVersionsRequest.ClientSoftwareVersion")?; }
        r.skip_tagged("ApiVersionsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { self.client_software_name.write(w, "ApiVersionsRequest.ClientSoftwareName")?; }
        if v >= 3 { self.client_software_version.write(w, "ApiVersionsRequest.ClientSoftwareVersion")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ApiVersionsRequest {
    const NAME: &'static str = "ApiVersionsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for ApiVersionsRequest {
    const KEY: ApiKey = ApiKey::ApiVersions;
    type Response = super::api_versions_response::ApiVersionsResponse;
}
