//! `etcd://host:port,host:port/cluster`.

use std::str::FromStr;

/// Where a cluster's metadata is, as one line of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdUrl {
    /// Members, `host:port` each; at least one.
    pub endpoints: Vec<String>,
    /// The scheme was `etcds`.
    pub tls: bool,
    /// The cluster's name: its keys begin with `/esker/<cluster>/`.
    pub cluster: String,
}

impl EtcdUrl {
    /// The prefix of all the cluster's keys, as `Keys::new` takes it.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        format!("/esker/{}", self.cluster)
    }
}

/// What is wrong with the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not etcd://host:port[,host:port...]/cluster (etcds:// with TLS): {1}")]
pub struct BadUrl(String, &'static str);

/// Longest name of a cluster.
const MAX_NAME: usize = 64;

impl FromStr for EtcdUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = |why| BadUrl(text.to_owned(), why);
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("it has no scheme"))?;
        let tls = match scheme {
            "etcd" => false,
            "etcds" => true,
            _ => return Err(bad("its scheme is unknown")),
        };
        if rest.contains('@') {
            return Err(bad("user and password have settings of their own"));
        }
        let (hosts, cluster) = rest.split_once('/').ok_or_else(|| bad("it does not name the cluster"))?;
        let endpoints: Vec<_> = hosts.split(',').map(str::to_owned).collect();
        if !endpoints.iter().all(|endpoint| is_host_and_port(endpoint)) {
            return Err(bad("an endpoint is not host:port"));
        }
        let named = (1..=MAX_NAME).contains(&cluster.len())
            && cluster.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !named {
            return Err(bad("a cluster's name is 1 to 64 letters, digits, dots, dashes and underscores"));
        }
        Ok(Self { endpoints, tls, cluster: cluster.to_owned() })
    }
}

fn is_host_and_port(endpoint: &str) -> bool {
    let Some((host, port)) = endpoint.rsplit_once(':') else { return false };
    let inner = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.contains(':')),
        None => Some(host).filter(|host| !host.contains(':')),
    };
    let plain = |inner: &str| {
        !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    inner.is_some_and(plain) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_says_it_all() {
        let url: EtcdUrl = "etcds://a:2379,10.0.0.2:2379,[::1]:12379/prod-1".parse().unwrap();
        assert_eq!(url.endpoints, ["a:2379", "10.0.0.2:2379", "[::1]:12379"]);
        assert!(url.tls);
        assert_eq!(url.key_prefix(), "/esker/prod-1");
        assert!(!"etcd://a:1/b".parse::<EtcdUrl>().unwrap().tls);
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for text in [
            "",
            "embedded",
            "http://a:1/b",
            "etcd://a:1",
            "etcd://a:1/",
            "etcd://a:1/b/c",
            "etcd://a:1/b c",
            "etcd:///b",
            "etcd://a/b",
            "etcd://a:0/b",
            "etcd://a:65536/b",
            "etcd://a:1,/b",
            "etcd://::1:1/b",
            "etcd://[::1:1/b",
            "etcd://u:p@a:1/b",
            "etcd://a%20:1/b",
        ] {
            let error = text.parse::<EtcdUrl>().unwrap_err().to_string();
            assert!(error.contains("etcd://host:port"), "{error}");
        }
        let long = format!("etcd://a:1/{}", "x".repeat(MAX_NAME + 1));
        assert!(long.parse::<EtcdUrl>().is_err());
    }
}
