//! No secret in anything that the program writes: a canary in every place where one can be.
//!
//! The log is at its loudest. What is searched: the terminal, standard output and error, every
//! file under the home, all of it as it is, in base64 and in percent-encoding.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use waveoff::domain::id::ResourceKind;

use super::house::{House, serving};
use super::poison::objects;
use crate::report::report;
use crate::wire::stub::{Asked, Reply};

/// Part of every canary, so that one that is cut or wrapped is still found.
const MARK: &str = "Zx9Canary";

fn canary(place: &str) -> String {
    format!("{MARK}{place}Qk7")
}

/// Where canaries were found, by what was searched.
type Hits = BTreeMap<String, String>;

/// Looks for canaries in what was written.
fn search(what: &str, bytes: &[u8], hits: &mut Hits) {
    let text = String::from_utf8_lossy(bytes);
    // Lines of a terminal may break a word; escape sequences between its letters do not.
    let plain = without_sequences(&text);
    let forms = std::iter::once(MARK.to_owned()).chain(in_base64(MARK));
    for form in forms {
        for text in [text.as_ref(), plain.as_str()] {
            if let Some(at) = text.find(&form) {
                let from = text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
                let around: String = text[from..].chars().take(160).collect();
                hits.insert(what.to_owned(), around);
            }
        }
    }
}

/// The text without control sequences.
fn without_sequences(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(
            part.trim_start_matches(|c: char| "0123456789;?".contains(c))
                .get(1..)
                .unwrap_or_default(),
        );
    }
    plain
}

/// What a text looks like in base64, whatever stands before it.
fn in_base64(text: &str) -> Vec<String> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |bytes: &[u8]| -> String {
        let bits: Vec<String> = bytes.iter().map(|b| format!("{b:08b}")).collect();
        let bits = bits.concat();
        let sixes = bits.as_bytes().chunks(6).filter(|six| six.len() == 6);
        sixes
            .map(|six| usize::from_str_radix(str::from_utf8(six).unwrap(), 2).unwrap())
            .map(|number| char::from(LETTERS[number]))
            .collect()
    };
    (0..3)
        .map(|shift| {
            let padded = [vec![0; shift], text.as_bytes().to_vec()].concat();
            let encoded = encode(&padded);
            let whole = encoded.len() - usize::from(padded.len() % 3 != 0);
            encoded[(shift * 8).div_ceil(6)..whole].to_owned()
        })
        .collect()
}

fn search_home(home: &Path, what: &str, hits: &mut Hits) -> usize {
    let mut files = 0;
    let mut open = vec![home.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files += 1;
                search(&format!("{what}: {}", path.display()), &fs::read(&path).unwrap(), hits);
            }
        }
    }
    files
}

/// Places for a canary: its name, the user of the kubeconfig, more of the cluster's entry. `@X@` is
/// the canary of X, `DIR` the folder with the files below.
const SLOTS: [(&str, &str, &str); 14] = [
    ("token", "token: @Token@", ""),
    ("long token", "token: @Jwt@.LONG.@JwtEnd@", ""),
    ("token that is no header", r#"token: "@Odd@\n\u0001x""#, ""),
    ("token file", "tokenFile: DIR/token", ""),
    ("password", "{username: ann, password: @Basic@}", ""),
    ("plugin", "exec: {EXEC, command: DIR/good}", ""),
    ("plugin that fails", "exec: {EXEC, command: DIR/bad}", ""),
    ("plugin that chatters", "exec: {EXEC, command: DIR/chat}", ""),
    ("plugin's broken JSON", "exec: {EXEC, command: DIR/half}", ""),
    ("client key", "{client-certificate: DIR/crt, client-key: DIR/key}", ""),
    ("client key data", "{client-certificate-data: eA==, client-key-data: @Data@}", ""),
    ("proxy", "token: t", "proxy-url: 'http://ann:@Proxy@@127.0.0.1:9'"),
    ("proxy of no kind", "token: t", "proxy-url: 'ftp://ann:@Ftp@@nowhere'"),
    ("auth provider", "auth-provider: {name: oidc, config: {OIDC}}", ""),
];

const EXEC: &str = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, \
    args: ['--secret=@PluginArg@'], env: [{name: CLIENT_SECRET, value: @PluginEnv@}]";

const OIDC: &str = "id-token: @Oidc@, refresh-token: @Oidc@, client-secret: @Oidc@, \
    idp-issuer-url: 'http://127.0.0.1:9'";

/// What the files hold that a kubeconfig names.
const FILES: [(&str, &str); 7] = [
    ("token", "@File@"),
    ("crt", "none"),
    ("key", "-----BEGIN PRIVATE KEY-----\n@Key@\n-----END PRIVATE KEY-----\n"),
    (
        "good",
        "#!/bin/sh\ncat <<'END'\n{\"kind\": \"ExecCredential\", \"status\": {\"token\": \
         \"@Plugin@\"}, \"apiVersion\": \"client.authentication.k8s.io/v1\"}\nEND\n",
    ),
    ("bad", "#!/bin/sh\necho @Stdout@\nexit 3\n"),
    ("chat", "#!/bin/sh\necho @Chat@\n"),
    ("half", "#!/bin/sh\necho '{\"status\": {\"token\": \"@Half@\"'\n"),
];

/// The text with its canaries.
fn filled(text: &str) -> String {
    // The parts between two `@` are names, but for an `@` that is meant.
    let text = text.replace("EXEC", EXEC).replace("OIDC", OIDC).replace("LONG", &"a".repeat(300));
    let pieces: Vec<&str> = text.split('@').collect();
    let is_name = |piece: &str| piece.starts_with(|c: char| c.is_ascii_uppercase());
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let between = at > 0 && at + 1 < pieces.len();
        match between && is_name(piece) && piece.chars().all(|c| c.is_ascii_alphanumeric()) {
            true => out.push_str(&canary(piece)),
            false if piece.is_empty() && between => out.push('@'),
            false => out.push_str(piece),
        }
    }
    out
}

/// Writes the files, and gives the slots: name, user, cluster.
fn slots(house: &House) -> Vec<(&'static str, String, String)> {
    for (name, text) in FILES {
        let path = house.key(name);
        fs::write(&path, filled(text)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let folder = house.key("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let entry = |text: &str| match text {
        "" => String::new(),
        text => format!("    {}\n", filled(text).replace("DIR", folder)),
    };
    SLOTS.iter().map(|(name, user, cluster)| (*name, entry(user), entry(cluster))).collect()
}

/// Objects with a secret in every place where people put them.
fn loaded() -> Vec<(ResourceKind, Value)> {
    let mut all = objects(0);
    let mut older =
        all.iter().find(|(kind, _)| *kind == ResourceKind::ReplicaSets).cloned().unwrap();
    let meta = &mut older.1["metadata"];
    meta["name"] = "checkout-older".into();
    meta["uid"] = "0de5".into();
    meta["labels"]["rollouts-pod-template-hash"] = "olderhash".into();
    meta["annotations"]["rollout.argoproj.io/revision"] = "1".into();
    all.push(older);
    for (at, (_, object)) in all.iter_mut().enumerate() {
        let applied = json!({"data": {"password": canary("Applied")}}).to_string();
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
            applied.into();
        object["metadata"]["managedFields"] = json!([{"manager": canary("Manager")}]);
        let env = json!([
            {"name": "DB_PASSWORD", "value": format!("{}{at}", canary("Env"))},
            {"name": "API_TOKEN", "value": format!("{}{at}", canary("EnvToken"))},
            {"name": "DATABASE_URL", "value": format!("postgres://ann:{}{at}@db/x", canary("Url"))},
            {"name": "AUTH", "value": format!("Bearer {}{at}", canary("EnvBearer"))},
        ]);
        let args = json!([
            format!("--db-password={}{at}", canary("Arg")),
            "--token",
            format!("{}{at}", canary("ArgAfter")),
        ]);
        for path in ["/spec/template/spec/containers/0", "/spec/containers/0"] {
            if let Some(container) = object.pointer_mut(path) {
                container["env"] = env.clone();
                container["args"] = args.clone();
            }
        }
    }
    all
}

type Server = (&'static str, Box<dyn FnMut(&Asked) -> Reply + Send>);

fn server(name: &'static str, script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Server {
    (name, Box::new(script))
}

/// How servers behave.
fn servers() -> Vec<Server> {
    let refused = json!({"kind": "Status", "status": "Failure", "code": 401,
        "reason": "Unauthorized", "message": "Unauthorized"});
    vec![
        server("well", serving(loaded())),
        server("unauthorized", move |_| Reply::Json(401, refused.to_string())),
        server("broken", |_| Reply::Json(502, "<html>bad gateway</html>".into())),
        server("slamming", |_| Reply::Slam),
    ]
}

/// How many programs run at once: most of them wait.
const AT_ONCE: usize = 8;

/// A run of the program: what it is called, and its arguments.
type Run = (String, Vec<String>);

/// What is run against a server: all slots where it is well, where it is not some of them.
fn runs(house: &House, behaviour: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for (number, (slot, user, cluster)) in slots(house).into_iter().enumerate() {
        let file = house.kubeconfig_as(&format!("{number}.yaml"), &user, &cluster);
        let commands: &[&[&str]] = match (behaviour, slot) {
            ("well", _) => &[&["status", "checkout", "-o", "json"], &["doctor"]],
            (_, "token" | "password" | "plugin") => &[&["doctor"], &["list", "-A"]],
            _ => &[],
        };
        for args in commands {
            let all = args.iter().copied().chain(["--kubeconfig", &file]).map(str::to_owned);
            runs.push((format!("{slot}, server {behaviour}, {args:?}"), all.collect()));
        }
    }
    runs
}

/// Runs all of them and searches what they print.
fn run_all(house: &House, runs: &[Run], hits: &Mutex<Hits>) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((what, args)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let args: Vec<&str> = args.iter().map(String::as_str).collect();
                    let output = house.run(&args);
                    let mut hits = hits.lock().unwrap();
                    search(what, &output.stdout, &mut hits);
                    search(what, &output.stderr, &mut hits);
                }
            });
        }
    });
}

#[test]
fn no_credential_in_any_output() {
    let hits = Mutex::new(Hits::new());
    let (mut count, mut files) = (0, 0);
    for (behaviour, script) in servers() {
        let mut house = House::open(script);
        sign_in(&mut house);
        let runs = runs(&house, behaviour);
        run_all(&house, &runs, &hits);
        count += runs.len();
        files += search_home(house.home(), behaviour, &mut hits.lock().unwrap());
        let log = newest_log(house.home());
        assert!(log.lines().any(|l| l.contains("TRACE") || l.contains("DEBUG")), "a quiet log");
    }
    let hits = hits.into_inner().unwrap();
    report(&format!(
        "secrets: {count} commands, {files} files at trace level, {} hits",
        hits.len()
    ));
    assert!(hits.is_empty(), "{hits:#?}");
}

fn newest_log(home: &Path) -> String {
    let folder = home.join(".local/state/waveoff/log");
    let logs = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let log = logs.filter(|path| path.extension().is_some_and(|e| e == "log")).max().unwrap();
    fs::read_to_string(log).unwrap()
}

/// Prometheus with a password, a token by reference and a secret header.
fn sign_in(house: &mut House) {
    let file = house.key("password");
    fs::write(&file, canary("PromFile")).unwrap();
    house.set("PROM_TOKEN", &canary("PromEnv"));
    let config = house.key("waveoff.toml");
    let text = format!(
        "[prometheus]\nurl = \"{}\"\nbearer = \"env:PROM_TOKEN\"\n\
         headers = {{ \"X-Key\" = \"file:{}\" }}\n",
        house.url,
        file.display()
    );
    fs::write(&config, text).unwrap();
    house.set("WAVEOFF_CONFIG", &config.display().to_string());
}

#[test]
fn no_secret_on_any_screen_nor_in_what_a_session_leaves() {
    let mut hits = Hits::new();
    let mut house = House::open(serving(loaded()));
    sign_in(&mut house);
    house.kubeconfig(&format!("    token: {}\n", canary("Token")), "");
    let mut rig = house.fly(&[], (200, 60));
    rig.wait_for_text("checkout");
    rig.send("\r");
    rig.wait_for_text("gate");
    for key in ["m", "y", "\x1b", "x", "\x1b", "t", "\x1b", "i", "y", "\x1b", "l", "\x1b", "d"] {
        press(&rig, key);
    }
    rig.wait_for_text("DB_PASSWORD");
    search("comparison", rig.contents().as_bytes(), &mut hits);
    for key in ["j", "j", "j", "y", "\x1b", "?", "\x1b", "!", "\x1b", "A"] {
        press(&rig, key);
    }
    rig.wait_for_text("[ Enter");
    press(&rig, "\r");
    let journal = house.home().join(".local/state/waveoff/journal");
    let written = || fs::read_dir(&journal).is_ok_and(|mut files| files.next().is_some());
    rig.wait_for("a line in the journal", written);
    // The answer, so that leaving is not asked about.
    thread::sleep(Duration::from_millis(500));
    rig.send("q");
    rig.wait_for_exit();
    search("terminal", &rig.bytes(), &mut hits);
    for args in [
        &["promote", "checkout", "--dry-run", "-o", "json"][..],
        &["undo", "checkout", "--dry-run"],
        &["abort", "checkout", "--yes", "--reason", "errors", "--timeout", "1s", "-o", "json"],
        &["why", "checkout", "-o", "json"],
        &["config", "-o", "json"],
    ] {
        let output = house.run(args);
        search(&format!("{args:?}"), &output.stdout, &mut hits);
        search(&format!("{args:?}"), &output.stderr, &mut hits);
    }
    let files = search_home(house.home(), "session", &mut hits);
    assert!(files >= 2, "no log or no journal: {files} files");
    assert!(hits.is_empty(), "{hits:#?}");
}

fn press(rig: &crate::pty_rig::Rig, key: &str) {
    let before = rig.bytes().len();
    // At a finger's pace: what comes sooner is a burst, and a letter after Esc is Alt.
    thread::sleep(Duration::from_millis(80));
    rig.send(key);
    rig.wait_for(&format!("an answer to {key:?}"), || rig.bytes().len() > before);
}

/// Addresses with a password in them, and files that hold secrets and cannot be read.
#[test]
fn no_secret_of_an_address_or_of_a_broken_file() {
    let mut hits = Hits::new();
    let mut house = House::open(serving(loaded()));
    house.kubeconfig("    token: t\n", "");
    let address = format!("http://ann:{}@127.0.0.1:9/x?token={}", canary("Url"), canary("Query"));
    house.set("HTTPS_PROXY", &format!("http://ann:{}@127.0.0.1:9", canary("EnvProxy")));
    for args in [
        &["status", "checkout", "--prometheus", &address][..],
        &["doctor", "--prometheus", &address],
        &["config", "--prometheus", &address],
        &["config", "-o", "json", "--prometheus", &address],
    ] {
        let output = house.run(args);
        search(&format!("{args:?}"), &output.stdout, &mut hits);
        search(&format!("{args:?}"), &output.stderr, &mut hits);
    }
    let good = fs::read_to_string(house.key("config")).unwrap();
    for (name, text) in [
        (
            "a server with a password",
            good.replace("http://", &format!("http://ann:{}@", canary("Server"))),
        ),
        (
            "a server with a query",
            good.replace("server: '", &format!("server: 'https://h/?token={}#", canary("Query"))),
        ),
        ("no YAML", format!("{good}  token: [{}\n", canary("Yaml"))),
        (
            "another type",
            good.replace("token: t", &format!("token: {{secret: {}}}", canary("Type"))),
        ),
        ("an unknown key", good.replace("token: t", &format!("tokn: {}", canary("Unknown")))),
        (
            "twice the same",
            good.replace("token: t", &format!("token: {0}\n    token: {0}", canary("Twice"))),
        ),
        ("a bad tab", good.replace("    token: t", &format!("\ttoken: {}", canary("Tab")))),
    ] {
        fs::write(house.key("config"), text).unwrap();
        for args in [&["list"][..], &["doctor"]] {
            let output = house.run(args);
            search(&format!("{name}: {args:?}"), &output.stdout, &mut hits);
            search(&format!("{name}: {args:?}"), &output.stderr, &mut hits);
        }
    }
    let config = house.key("waveoff.toml");
    house.set("WAVEOFF_CONFIG", &config.display().to_string());
    for (name, text) in [
        (
            "a token as a value",
            format!("[prometheus]\nurl = \"http://h\"\nbearer = \"{}\"\n", canary("Bearer")),
        ),
        (
            "a password as a value",
            format!(
                "[prometheus]\nurl = \"http://h\"\nuser = \"a\"\npassword = \"{}\"\n",
                canary("Password")
            ),
        ),
        (
            "a header as a value",
            format!(
                "[prometheus]\nurl = \"http://h\"\nheaders = {{ \"X-Key\" = \"{}\" }}\n",
                canary("Header")
            ),
        ),
        (
            "an address with a password",
            format!("[prometheus]\nurl = \"http://a:{}@h\"\n", canary("Address")),
        ),
        ("a file that is cut", format!("[prometheus]\nbearer = \"{}\n", canary("Cut"))),
    ] {
        fs::write(&config, text).unwrap();
        for args in [&["config"][..], &["list"], &["doctor"]] {
            let output = house.run(args);
            search(&format!("{name}: {args:?}"), &output.stdout, &mut hits);
            search(&format!("{name}: {args:?}"), &output.stderr, &mut hits);
        }
    }
    search_home(house.home(), "files", &mut hits);
    assert!(hits.is_empty(), "{hits:#?}");
}

/// The search finds what is there, in every form.
#[test]
fn a_canary_that_is_planted_is_found() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".local/state/waveoff");
    fs::create_dir_all(&folder).unwrap();
    let planted = canary("Planted");
    // base64 of `ann:`, `x` and `xy` before it: each of the three ways it can lie.
    let forms = [
        format!("authorization: Bearer {planted}"),
        format!("password=\x1b[1m{}\x1b[0m{}", &planted[..4], &planted[4..]),
        in_base64(&planted).remove(0),
        in_base64(&planted).remove(1),
        in_base64(&planted).remove(2),
    ];
    for (number, form) in forms.iter().enumerate() {
        fs::write(folder.join(format!("{number}.log")), form).unwrap();
    }
    let mut hits = Hits::new();
    assert_eq!(search_home(home.path(), "planted", &mut hits), forms.len());
    assert_eq!(hits.len(), forms.len(), "{hits:#?}");
    assert!(in_base64("hello")[0].starts_with("aGVsb"), "{:?}", in_base64("hello"));
}
