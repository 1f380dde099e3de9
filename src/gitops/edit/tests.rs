//! Setting one image, over files as people write them, and over whatever else.

use proptest::prelude::*;

use super::*;

const NAME: &str = "registry.example.com/shop/checkout";

fn image(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn digest(byte: &str) -> String {
    format!("sha256:{}", byte.repeat(32))
}

/// Sets the only place of a file that names `from`.
fn set_in(file: &str, text: &str, from: &str, to: &str) -> Result<String, String> {
    let from = image(from);
    let found = sites(file, text, "app", from.repository()).map_err(|r| r.to_string())?;
    let bad: Vec<&Site> = found.iter().filter(|site| site.is(&from)).collect();
    let refused = found.iter().find_map(Site::refusal);
    let [site] = bad.as_slice() else {
        let why = refused.map_or_else(String::new, ToString::to_string);
        return Err(format!("{} places {why}", bad.len()));
    };
    set(text, site, &image(to)).map_err(|refusal| refusal.to_string())
}

/// Sets it from 1.4.3 to 1.4.2, and what that changes is exactly the one word.
fn set_back(file: &str, text: &str) -> String {
    let (from, to) = (format!("{NAME}:1.4.3"), format!("{NAME}:1.4.2"));
    let after = set_in(file, text, &from, &to).unwrap();
    assert_eq!(after.len(), text.len(), "{after}");
    let differ: Vec<usize> =
        (0..text.len()).filter(|at| text.as_bytes()[*at] != after.as_bytes()[*at]).collect();
    let [at] = differ.as_slice() else { panic!("{differ:?}: {after}") };
    assert_eq!((&text[at - 4..=*at], &after[at - 4..=*at]), ("1.4.3", "1.4.2"));
    after
}

fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    \
         spec:\n      containers:\n      - name: app\n        image: {image}  # pinned\n"
    )
}

#[test]
fn every_style_of_a_workload_keeps_all_other_bytes() {
    let plain = deployment("checkout", &format!("{NAME}:1.4.3"));
    let quoted = |quote: &str| deployment("checkout", &format!("{quote}{NAME}:1.4.3{quote}"));
    let flow = format!(
        "{{kind: Rollout, metadata: {{name: checkout}}, spec: {{template: {{spec: {{containers: \
         [{{name: app, image: {NAME}:1.4.3}}]}}}}}}}}"
    );
    let list = format!("kind: List\nitems:\n- {}", plain.trim_end().replace('\n', "\n  "));
    for text in [
        plain.clone(),
        quoted("'"),
        quoted("\""),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}# ünïcödé 1.4.3?\n---\n{plain}---\nkind: Service\nspec: {{}}\n"),
        plain.trim_end().to_owned(),
        plain.replace("  # pinned\n", ""),
        plain.replace("image: ", "image: !!str "),
        plain
            .replace("- name: app\n        image:", "- image:")
            .replace("  # pinned\n", "\n        name: app\n        env: [{name: A, value: a}]\n"),
        flow,
        list,
    ] {
        set_back("deployment.yaml", &text);
    }
}

#[test]
fn of_two_containers_with_the_same_image_only_the_named_one_changes() {
    let text = deployment("checkout", &format!("{NAME}:1.4.3"));
    let text = format!("{text}      - name: other\n        image: {NAME}:1.4.3\n");
    let after = set_back("deployment.yaml", &text);
    assert!(
        after.ends_with("name: other\n        image: registry.example.com/shop/checkout:1.4.3\n")
    );
    let init = text.replace("containers:", "initContainers:");
    set_back("deployment.yaml", &init);
}

#[test]
fn documents_are_told_apart() {
    let other = deployment("cart", &format!("{NAME}:1.4.1"));
    let own = deployment("checkout", &format!("{NAME}:1.4.3"));
    let text = format!("{other}---\n{own}---\n{other}");
    let after = set_back("all.yaml", &text);
    assert_eq!(after, text.replace("1.4.3", "1.4.2"));
}

#[test]
fn kustomizations_and_values_keep_tag_and_digest_apart() {
    let kustomization = format!("images:\n- name: checkout\n  newName: {NAME}\n  newTag: 1.4.3\n");
    set_back("overlays/kustomization.yaml", &kustomization);
    set_back("x.yaml", &format!("kind: Kustomization\n{kustomization}"));
    set_back(
        "x.yaml",
        &format!("kind: Kustomization\nspec:\n  images:\n  - name: {NAME}\n    newTag: '1.4.3'\n"),
    );
    set_back(
        "values.yaml",
        &format!("image:\n  repository: {NAME}\n  tag: \"1.4.3\" # bumped by a bot\n"),
    );
    set_back(
        "values.yaml",
        "app:\n  image:\n    registry: registry.example.com\n    repository: shop/checkout\n    tag: v1.4.3\n"
            .replace("v1", "1")
            .as_str(),
    );
    set_back(
        "release.yaml",
        &format!(
            "kind: HelmRelease\nspec:\n  values:\n    image: {{repository: {NAME}, tag: 1.4.3}}\n"
        ),
    );

    let (old, new) = (digest("0a"), digest("0b"));
    let by_digest = |digest: &str| format!("images:\n- name: {NAME}\n  digest: {digest}\n");
    let (from, to) = (format!("{NAME}@{old}"), format!("{NAME}@{new}"));
    let set_digest = |text: &str| set_in("kustomization.yaml", text, &from, &to);
    assert_eq!(set_digest(&by_digest(&old)).unwrap(), by_digest(&new));
    // Both are set, or neither.
    let both = |tag: &str, digest: &str| format!("{}  newTag: {tag}\n", by_digest(digest));
    let (from, to) = (format!("{NAME}:v2@{old}"), format!("{NAME}:v1@{new}"));
    let after = set_in("kustomization.yaml", &both("v2", &old), &from, &to);
    assert_eq!(after.unwrap(), both("v1", &new));
    let why = set_digest(&both("v2", &old)).unwrap_err();
    assert!(why.contains("sets a tag") && why.contains("by hand"), "{why}");
}

#[test]
fn an_image_by_digest_is_set_whole() {
    let (from, to) = (format!("{NAME}:1@{}", digest("0a")), format!("{NAME}@{}", digest("0b")));
    let text = deployment("checkout", &from);
    let after = set_in("deployment.yaml", &text, &from, &to).unwrap();
    assert_eq!(after, deployment("checkout", &to));
}

#[test]
fn a_tag_that_passes_for_a_number_gets_quotes() {
    let text = |tag: &str| format!("images:\n- name: {NAME}\n  newTag: {tag} # now\n");
    let set_to = |was: &str, tag: &str| {
        let from = format!("{NAME}:{}", was.trim_matches(['\'', '"']));
        set_in("kustomization.yaml", &text(was), &from, &format!("{NAME}:{tag}")).unwrap()
    };
    assert_eq!(set_to("v2", "1.10"), text("\"1.10\""));
    assert_eq!(set_to("v2", "12345e67"), text("\"12345e67\""));
    assert_eq!(set_to("'v2'", "1.10"), text("'1.10'"));
    assert_eq!(set_to("\"1.9\"", "v1"), text("\"v1\""));
    assert_eq!(set_to("v2", "v1"), text("v1"));
}

#[test]
fn what_cannot_be_changed_alone_is_refused_with_its_line() {
    let text = deployment("checkout", &format!("{NAME}:1.4.3"));
    let anchored = "image: &it registry";
    let block = format!("image: |-\n          {NAME}:1.4.3\n");
    for (text, word) in [
        (text.replace("image: registry", anchored), "line 10, column 20: the image stands under"),
        (text.replace("- name: app", "- &app\n        name: app"), "anchor"),
        (text.replace("template:", "template: &t"), "anchor"),
        (
            format!("x-image: &it {NAME}:1.4.3\n{}", text.replace(&format!("{NAME}:1.4.3"), "*it")),
            "anchor",
        ),
        (
            format!(
                "x: &c {{image: {NAME}:1.4.3}}\n{}",
                text.replace(&format!("image: {NAME}:1.4.3"), "<<: *c")
            ),
            "anchor",
        ),
        (text.replace(&format!("image: {NAME}:1.4.3  # pinned\n"), &block), "several lines"),
        (format!("{text}        image: {NAME}:1.4.3\n"), "written twice"),
    ] {
        let why = set_in("a.yaml", &text, &format!("{NAME}:1.4.3"), &format!("{NAME}:1.4.2"));
        let why = why.expect_err(&text);
        assert!(why.contains(word), "{why}: {text}");
    }
    let template = text.replace("name: checkout", "name: {{ .Values.name }}\n  {{- if .x }}");
    let why = sites("a.yaml", &template, "app", NAME).unwrap_err();
    assert!(why.to_string().contains("this is no YAML") && why.line > 1, "{why}");
}

#[test]
fn other_registries_and_names_are_not_touched() {
    let values = "image:\n  repository: elsewhere/checkout\n  tag: 1.4.3\n";
    assert!(set_in("values.yaml", values, &format!("{NAME}:1.4.3"), &format!("{NAME}:1")).is_err());
    let text = format!("images:\n- name: {NAME}\n  newTag: v2\n");
    let why = set_in("kustomization.yaml", &text, &format!("{NAME}:v2"), "other/checkout:v1");
    assert!(why.unwrap_err().contains("and the good image of other/checkout"));
}

#[test]
fn a_large_file_is_quick() {
    let one = deployment("cart", "shop/cart:1");
    let mut text = format!("{one}---\n").repeat(3_000);
    text.push_str(&deployment("checkout", &format!("{NAME}:1.4.3")));
    set_back("all.yaml", &text);
}

fn a_tag() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_][A-Za-z0-9._-]{0,12}"
}

proptest! {
    #[test]
    fn all_other_bytes_stay_and_the_value_is_the_wanted_one(
        from in a_tag(),
        to in a_tag(),
        quote in "['\"]?",
        comment in "[ -~\u{e4}\u{4e2d}]{0,20}",
        crlf in any::<bool>(),
        whole in any::<bool>(),
    ) {
        // A tag without quotes that is read as something else is not what was meant.
        let quote = if plain::is_text(&from) { quote } else { "'".into() };
        let written = if whole { format!("{NAME}:{from}") } else { from.clone() };
        let scalar = format!("{quote}{written}{quote}");
        let (head, file) = if whole {
            let text = deployment("checkout", "\u{0}");
            (text.split('\u{0}').next().unwrap().to_owned(), "a.yaml")
        } else {
            (format!("images:\n- name: {NAME}\n  newTag: "), "kustomization.yaml")
        };
        let end = |text: String| if crlf { text.replace('\n', "\r\n") } else { text };
        let (head, tail) = (end(head), end(format!(" # {comment}\n\n# end")));
        let text = format!("{head}{scalar}{tail}");
        let after =
            set_in(file, &text, &format!("{NAME}:{from}"), &format!("{NAME}:{to}")).unwrap();
        prop_assert!(after.starts_with(&head) && after.ends_with(&tail), "{after}");
        let value = &after[head.len()..after.len() - tail.len()];
        let wanted = if whole { format!("{NAME}:{to}") } else { to.clone() };
        let kept = format!("{quote}{wanted}{quote}");
        let quoted = format!("\"{wanted}\"");
        prop_assert!(value == kept || (quote.is_empty() && value == quoted), "{}", value);
        let read = sites(file, &after, "app", NAME).unwrap();
        prop_assert_eq!(&read[0].image, &format!("{NAME}:{to}"));
    }

    #[test]
    fn no_text_makes_it_fall_over(text in "\\PC{0,200}", yaml in "[a-z:\\-\\[\\]{}&*|>'\"# \n]{0,120}") {
        for text in [text, yaml] {
            let _ = sites("kustomization.yaml", &text, "app", NAME);
            let _ = sites("values.yaml", &text, "app", NAME);
        }
    }
}
