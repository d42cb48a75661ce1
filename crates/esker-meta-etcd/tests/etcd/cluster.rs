//! etcd processes, on ports of their own.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{PATIENCE, raw};

/// `ESKER_ETCD`, or what `make etcd` built.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("ESKER_ETCD") {
        return path.into();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    let built = std::fs::read_dir(&tools).into_iter().flatten().filter_map(|entry| {
        let path = entry.ok()?.path();
        let named = path.file_name()?.to_str()?.starts_with("etcd-");
        Some(path.join("etcd")).filter(|binary| named && binary.is_file())
    });
    built.max().expect("no etcd to test against: run `make etcd`, or name a binary in ESKER_ETCD")
}

/// How to start a member, and whether it runs.
struct Member {
    name: String,
    client: u16,
    peer: u16,
    process: Option<Child>,
}

/// A cluster of etcd members. Killed when dropped.
pub(crate) struct Cluster {
    dir: tempfile::TempDir,
    arguments: Vec<String>,
    scheme: &'static str,
    members: Mutex<Vec<Member>>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in self.members.lock().iter_mut() {
            member.kill();
        }
        if std::thread::panicking() {
            for member in self.members.lock().iter() {
                let log = std::fs::read_to_string(self.dir.path().join(format!("{}.log", member.name)));
                let log = log.unwrap_or_default();
                let tail: Vec<_> = log.lines().rev().take(15).collect();
                println!("--- {}:\n{}", member.name, tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
            }
        }
    }
}

impl Member {
    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Whether every thread is stopped.
    fn is_stopped(&self) -> bool {
        let process = self.process.as_ref().expect("it runs");
        let threads = std::fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
        threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // The state follows the name, which is in parentheses.
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        })
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs");
        let status = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

impl Cluster {
    /// Starts `size` members in plain text and waits until they have a leader.
    pub(crate) fn start(size: usize) -> Self {
        Self::start_with(size, &[])
    }

    /// As [`Cluster::start`], with more arguments.
    pub(crate) fn start_with(size: usize, arguments: &[&str]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // Another process may take a port before etcd does.
        for _ in 0..5 {
            let cluster = Self {
                dir: tempfile::tempdir().unwrap(),
                arguments: arguments.clone(),
                scheme: if arguments.iter().any(|argument| argument == "--cert-file") {
                    "https"
                } else {
                    "http"
                },
                members: Mutex::new(Vec::new()),
            };
            for number in 0..size {
                let [client, peer] = free_ports();
                cluster.members.lock().push(Member {
                    name: format!("m{number}"),
                    client,
                    peer,
                    process: None,
                });
            }
            for number in 0..size {
                cluster.launch(number);
            }
            if (0..size).all(|number| cluster.wait_ready(number)) {
                return cluster;
            }
        }
        panic!("etcd does not start");
    }

    /// `host:port` of each member.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        self.members.lock().iter().map(|member| format!("127.0.0.1:{}", member.client)).collect()
    }

    fn launch(&self, number: usize) {
        let mut members = self.members.lock();
        let peers = members.iter().map(|member| format!("{}=http://127.0.0.1:{}", member.name, member.peer));
        let peers = peers.collect::<Vec<_>>().join(",");
        let member = &mut members[number];
        assert!(member.process.is_none(), "it runs already");
        let client = format!("{}://127.0.0.1:{}", self.scheme, member.client);
        let peer = format!("http://127.0.0.1:{}", member.peer);
        let log = self.dir.path().join(format!("{}.log", member.name));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let process = Command::new(binary())
            .args(["--name", &member.name, "--initial-cluster", &peers, "--log-level", "warn"])
            .arg("--data-dir")
            .arg(self.dir.path().join(&member.name))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            // Processes are killed here, machines are not.
            .arg("--unsafe-no-fsync")
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        member.process = Some(process);
    }

    /// Whether the member came to know a leader; `false` when it exited.
    fn wait_ready(&self, number: usize) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let port = {
                let mut members = self.members.lock();
                let member = &mut members[number];
                if member.process.as_mut().expect("launched").try_wait().unwrap().is_some() {
                    return false;
                }
                member.client
            };
            // With TLS, the health check would need it too: an open port has to do.
            let ready = if self.scheme == "https" {
                TcpStream::connect(("127.0.0.1", port)).is_ok()
            } else {
                healthy(port).unwrap_or(false)
            };
            if ready {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("etcd has no leader");
    }

    /// kill -9.
    pub(crate) fn kill(&self, number: usize) {
        self.members.lock()[number].kill();
    }

    /// Starts a killed member again.
    pub(crate) fn restart(&self, number: usize) {
        self.launch(number);
        assert!(self.wait_ready(number), "etcd exited");
    }

    /// Stops a member in its tracks; its connections stay open.
    pub(crate) fn freeze(&self, number: usize) {
        let members = self.members.lock();
        members[number].signal("-STOP");
        // The signal is sent; its threads stop one after the other.
        let start = Instant::now();
        while !members[number].is_stopped() {
            assert!(start.elapsed() < PATIENCE, "etcd does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets a frozen member go on.
    pub(crate) fn thaw(&self, number: usize) {
        self.members.lock()[number].signal("-CONT");
    }

    /// Which member leads.
    pub(crate) async fn leader(&self) -> usize {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            for (number, endpoint) in self.endpoints().iter().enumerate() {
                if let Ok(Ok(true)) = tokio::time::timeout(Duration::from_secs(1), raw::leads(endpoint)).await
                {
                    return number;
                }
            }
        }
        panic!("etcd has no leader");
    }
}

fn healthy(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.contains(r#""health":"true""#))
}
