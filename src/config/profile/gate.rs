//! The keys of a gate profile: what is asked of a new version before it is switched to.
//!
//! Never reads a file. Called by whoever reads profiles or shows them.

use super::{Bounds, Slot, Values};
use crate::domain::gate::Profile;

/// Requests of a load that is still light.
const REQUESTS: Bounds =
    Bounds { least: 1, most: 10_000, wanted: "it is a number from 1 to 10000" };

/// How many of them, or of the watch's, may fail.
const FAILURES: Bounds = Bounds { least: 0, wanted: "it is a number from 0 to 10000", ..REQUESTS };

/// How many requests at once.
const AT_ONCE: Bounds = Bounds { least: 1, most: 100, wanted: "it is a number from 1 to 100" };

/// Tries of one check.
const TRIES: Bounds = Bounds { least: 1, most: 1000, wanted: "it is a number from 1 to 1000" };

impl Values for Profile {
    type Draft = Self;

    fn slots(profile: &mut Self) -> Vec<(&'static str, Slot<'_>)> {
        vec![
            ("url", Slot::Server(&mut profile.url)),
            ("ca_file", Slot::File(&mut profile.ca_file)),
            ("port", Slot::Port(&mut profile.port)),
            ("skip", Slot::Checks(&mut profile.skip)),
            ("timeout", Slot::Time(&mut profile.timeout)),
            ("deadline", Slot::Time(&mut profile.deadline)),
            ("health_path", Slot::Path(&mut profile.health_path)),
            ("health_tries", Slot::Count(&mut profile.health_tries, TRIES)),
            ("health_every", Slot::Time(&mut profile.health_every)),
            ("health_deadline", Slot::Time(&mut profile.health_deadline)),
            ("smoke_path", Slot::Path(&mut profile.smoke_path)),
            ("smoke_pointer", Slot::Pointer(&mut profile.smoke_pointer)),
            ("smoke_value", Slot::Text(&mut profile.smoke_value)),
            ("version_path", Slot::Path(&mut profile.version_path)),
            ("load_path", Slot::Path(&mut profile.load_path)),
            ("load_requests", Slot::Count(&mut profile.load_requests, REQUESTS)),
            ("load_at_once", Slot::Count(&mut profile.load_at_once, AT_ONCE)),
            ("load_failures", Slot::Count(&mut profile.load_failures, FAILURES)),
            ("load_p95", Slot::Time(&mut profile.load_p95)),
            ("load_deadline", Slot::Time(&mut profile.load_deadline)),
            ("database_path", Slot::Path(&mut profile.database_path)),
            ("database_pointer", Slot::Pointer(&mut profile.database_pointer)),
            ("database_value", Slot::Text(&mut profile.database_value)),
            ("dependencies_path", Slot::Path(&mut profile.dependencies_path)),
            ("dependencies_value", Slot::Text(&mut profile.dependencies_value)),
            ("after_url", Slot::Server(&mut profile.after_url)),
            ("watch_path", Slot::Path(&mut profile.watch_path)),
            ("watch_every", Slot::Time(&mut profile.watch_every)),
            ("watch_for", Slot::Time(&mut profile.watch_for)),
            ("watch_failures", Slot::Count(&mut profile.watch_failures, FAILURES)),
            ("watch_deadline", Slot::Time(&mut profile.watch_deadline)),
            ("forward", Slot::Truth(&mut profile.forward)),
        ]
    }

    fn done(profile: Self) -> Result<Self, &'static str> {
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{GateSettings, keys, shown};
    use super::*;
    use crate::config::FileConfig;
    use crate::domain::gate::Check;

    fn read(text: &str) -> Result<GateSettings, String> {
        let parsed = FileConfig::parse(Path::new("c.toml"), text);
        parsed.map(|config| config.gate).map_err(|error| error.to_string())
    }

    #[test]
    fn every_value_can_be_set_and_is_explained() {
        let text = r#"
            [gate]
            url = "https://preview.example.com/shop/"
            ca_file = "/etc/ca.pem"
            port = "http"
            skip = ["database", "load"]
            timeout = "2s"
            deadline = "9s"
            health_path = "/up"
            health_tries = 3
            health_every = "1s"
            health_deadline = "1m"
            smoke_path = "/s"
            smoke_pointer = "/a/b"
            smoke_value = "ok"
            version_path = "/v"
            load_path = "/l?x=1"
            load_requests = 7
            load_at_once = 2
            load_failures = 1
            load_p95 = "250ms"
            load_deadline = "5s"
            database_path = "/d"
            database_pointer = "/d"
            database_value = "up"
            dependencies_path = "/deps"
            dependencies_value = "ok"
            after_url = "https://shop.example.com"
            watch_path = "/up"
            watch_every = "2s"
            watch_for = "3m"
            watch_failures = 2
            watch_deadline = "1h"
            forward = true
        "#;
        let settings = read(text).unwrap();
        assert_eq!(settings.origins.len(), keys::<Profile>().len());
        assert_eq!(settings.profile.url.as_deref(), Some("https://preview.example.com/shop"));
        assert_eq!(settings.profile.skip, [Check::Database, Check::Load]);
        let defaults = shown(&Profile::default());
        for ((key, set), (_, default)) in shown(&settings.profile).iter().zip(&defaults) {
            assert_ne!(set, default, "{key} is set");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (line, word) in [
            ("url = \"prometheus\"", "gate.url"),
            ("after_url = \"shop\"", "gate.after_url"),
            ("watch_for = \"2h\"", "a time"),
            ("watch_every = 1", "must be a string"),
            ("url = \"http://me:pass@host\"", "without a password"),
            ("health_path = \"health\"", "path such as"),
            ("health_path = \"/a/../b\"", "path such as"),
            ("health_path = \"//evil.example/x\"", "path such as"),
            ("smoke_pointer = \".status\"", "JSON pointer"),
            ("smoke_value = \"\"", "printable"),
            ("timeout = \"0\"", "a time"),
            ("timeout = \"3\"", "a time"),
            ("load_requests = 0", "from 1 to 10000"),
            ("load_at_once = 101", "from 1 to 100"),
            ("health_tries = -1", "from 1 to 1000"),
            ("load_failures = \"none\"", "must be a whole number"),
            ("skip = [\"databse\"]", "did you mean `database`?"),
            ("helth_path = \"/x\"", "did you mean `health_path`?"),
        ] {
            let complaint = read(&format!("[gate]\n{line}\n")).unwrap_err();
            assert!(complaint.contains(word) && complaint.contains("c.toml:2:"), "{complaint}");
        }
    }
}
