//! TLS, and users with passwords.

use std::{fs, sync::Arc, time::Duration};

use esker_env::Env;
use esker_meta::{MetaError, MetaStore, Txn, WatchError};
use esker_meta_etcd::{Credentials, EtcdMeta, EtcdOptions, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use crate::{PATIENCE, cluster::Cluster, eventually, put, raw, value};

fn options(cluster: &Cluster) -> EtcdOptions {
    EtcdOptions::new(cluster.endpoints())
}

fn open(options: EtcdOptions) -> Arc<EtcdMeta> {
    Arc::new(EtcdMeta::new(options, Env::real()).unwrap())
}

/// An authority of the tests' own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key, as PEM.
fn certificate(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (Vec<u8>, Vec<u8>) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem().into_bytes(), key.serialize_pem().into_bytes())
}

/// Certificates on both sides; without the right ones nothing is sent.
#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    let (ours, other) = (authority(), authority());
    let (server, client) = (certificate(&ours, "127.0.0.1"), certificate(&ours, "broker"));
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(path("ca"), ours.pem()).unwrap();
    fs::write(path("cert"), server.0).unwrap();
    fs::write(path("key"), server.1).unwrap();
    let arguments =
        [["--cert-file", &path("cert")], ["--key-file", &path("key")], ["--trusted-ca-file", &path("ca")]];
    let arguments = [&arguments.concat()[..], &["--client-cert-auth"]].concat();
    let cluster = Cluster::start_with(1, &arguments);
    let with = |ca: &CertifiedIssuer<'static, KeyPair>, identity: Option<(Vec<u8>, Vec<u8>)>| {
        let tls = Tls { ca: Some(ca.pem().into_bytes()), identity };
        open(EtcdOptions { tls: Some(tls), ..options(&cluster) })
    };
    let store = with(&ours, Some(client.clone()));
    // One that was not answered in time is written twice: the last one counts.
    let revision = put(&store, "/a", "1").await;
    let mut watch = store.watch("/a".to_owned(), revision);
    assert_eq!(watch.next().await.unwrap().len(), 1);

    let stranger = certificate(&other, "broker");
    for refused in
        [with(&other, Some(client)), with(&ours, None), with(&ours, Some(stranger)), open(options(&cluster))]
    {
        let answer = refused.get("/a".to_owned()).await;
        assert!(matches!(answer, Err(MetaError::Unavailable(_))), "{answer:?}");
    }
    let message = with(&other, None).get("/a".to_owned()).await.unwrap_err().to_string();
    assert!(message.contains("certificate"), "an operator must be able to tell: {message}");
    let rubbish = Tls { ca: Some(b"rubbish".to_vec()), identity: Some((b"x".to_vec(), b"y".to_vec())) };
    let refused =
        EtcdMeta::new(EtcdOptions { tls: Some(rubbish), ..options(&cluster) }, Env::real()).map(drop);
    assert!(matches!(refused, Err(MetaError::Invalid(_))), "{refused:?}");
}

fn user(name: &str, password: &str) -> Option<Credentials> {
    Some(Credentials { user: name.to_owned(), password: password.to_owned() })
}

/// A user who may touch the cluster's prefix and nothing else. Tokens that etcd forgets are replaced.
#[tokio::test]
async fn users_with_passwords() {
    let cluster = Cluster::start_with(1, &["--auth-token-ttl", "1", "--bcrypt-cost", "4"]);
    // Configured although nobody asks for it yet: harmless.
    let early = open(EtcdOptions { credentials: user("esker", "secret"), ..options(&cluster) });
    put(&early, "/esker/a", "0").await;
    raw::enable_users(&cluster.endpoints()[0]).await;

    let store = open(EtcdOptions { credentials: user("esker", "secret"), ..options(&cluster) });
    let first = put(&store, "/esker/a", "1").await;
    let lease = store.grant(Duration::from_secs(2)).await.unwrap();
    store.txn(Txn::new().put_leased("/esker/l", value("1"), lease)).await.unwrap();
    store.keep_alive(lease).await.unwrap();
    let mut watch = store.watch("/esker/a".to_owned(), first);
    assert_eq!(watch.next().await.unwrap().len(), 1);
    for outside in
        [store.get("/other".to_owned()).await.map(drop), store.list("/".to_owned()).await.map(drop)]
    {
        assert!(matches!(outside, Err(MetaError::Broken(_))), "{outside:?}");
    }
    let outside = store.txn(Txn::new().put("/other", value("1"))).await;
    assert!(matches!(outside, Err(MetaError::Broken(_))), "{outside:?}");
    let mut outside = store.watch("/other".to_owned(), first);
    let ended = Env::real().timeout(PATIENCE, outside.next()).await.unwrap();
    assert!(matches!(ended, Err(WatchError::Ended(_))), "{ended:?}");

    for credentials in [None, user("esker", "wrong"), user("nobody", "secret")] {
        let refused = open(EtcdOptions { credentials, ..options(&cluster) }).get("/esker/a".to_owned()).await;
        assert!(matches!(refused, Err(MetaError::Broken(_))), "{refused:?}");
    }

    // A token lives for a second after its last use.
    Env::real().clock.sleep(Duration::from_secs(3)).await;
    assert!(store.get("/esker/a".to_owned()).await.unwrap().is_some());
    // And not over a restart.
    cluster.kill(0);
    cluster.restart(0);
    let second = put(&store, "/esker/a", "2").await;
    let shown = Env::real().timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert!(shown[0].revision() > first && shown[0].revision() <= second);
    // The one from before users were asked for learns that they are now.
    assert!(eventually(|| early.get("/esker/a".to_owned())).await.is_some());
}
