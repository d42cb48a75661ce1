//! `esker group members`.

use clap::Args;
use esker_client::GroupMember;
use esker_env::Env;
use serde_json::json;

use super::positions;
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Example:
  esker group members billing")]
pub(crate) struct Members {
    /// The group
    group: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Members {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let (group, _) = positions::existing(&client, &self.group).await?;
        let json: Vec<_> = group.members.iter().map(as_json).collect();
        output::show(self.connect.output, &json, |mut out| {
            let mut table = Table::new(&["member", "instance", "client", "host", "partitions"]);
            for member in &group.members {
                table.row([
                    member.member.clone(),
                    member.instance.clone().unwrap_or_else(|| "-".to_owned()),
                    member.client_id.clone(),
                    member.host.clone(),
                    assignment(member),
                ]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}

/// `a:0,1 b:2`, or `-`.
fn assignment(member: &GroupMember) -> String {
    let topics = member.assignment.iter().filter(|(_, partitions)| !partitions.is_empty());
    let texts: Vec<String> = topics
        .map(|(topic, partitions)| {
            let mut partitions = partitions.clone();
            partitions.sort_unstable();
            let numbers: Vec<String> = partitions.iter().map(ToString::to_string).collect();
            format!("{topic}:{}", numbers.join(","))
        })
        .collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(" ") }
}

pub(super) fn as_json(member: &GroupMember) -> serde_json::Value {
    json!({
        "member": member.member,
        "instance": member.instance,
        "client_id": member.client_id,
        "host": member.host,
        "assignment": member.assignment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_short() {
        let mut member = GroupMember {
            member: "m".to_owned(),
            instance: None,
            client_id: "c".to_owned(),
            host: "h".to_owned(),
            assignment: [("a".to_owned(), vec![1, 0]), ("b".to_owned(), vec![2])].into(),
        };
        assert_eq!(assignment(&member), "a:0,1 b:2");
        member.assignment = [("a".to_owned(), vec![])].into();
        assert_eq!(assignment(&member), "-");
    }
}
