//! Objects, lists, and what is neither.

use super::*;

fn names(read: &Read) -> Vec<String> {
    let said = |object: &Object| format!("{} {} {}", object.api_version, object.kind, object.name);
    read.objects.iter().map(said).collect()
}

fn first_fault(text: &str) -> String {
    let read = objects_of(text);
    assert!(read.objects.is_empty(), "{text}");
    read.faults[0].to_string()
}

#[test]
fn lists_are_opened() {
    let read = objects_of(
        "\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a}}
- apiVersion: apps/v1
  kind: DeploymentList
  items: [{metadata: {name: b}}, {metadata: {name: c}}]
- 5
---
{apiVersion: v1, kind: List}
---
{apiVersion: v1, kind: Pod, metadata: {generateName: d-}}
---
{apiVersion: x/v1, kind: AllowList, metadata: {name: e}}
",
    );
    let wanted = ["v1 Service a", "apps/v1 Deployment b", "apps/v1 Deployment c", "v1 Pod "];
    assert_eq!(names(&read)[..4], wanted);
    assert_eq!(names(&read)[4], "x/v1 AllowList e");
    assert_eq!(read.documents, 4);
    assert_eq!(read.faults.len(), 1);
    assert_eq!(read.faults[0].fault.at, at(8, 3));
    assert!(read.faults[0].fault.message.contains("the number 5"));
}

#[test]
fn what_is_no_object_is_said_to_be_none() {
    let said = first_fault;
    assert!(said("just words\n").starts_with("shop.yaml:1:1: the text \"just words\" stands"));
    assert!(said("kind: Pod\nmetadata: {name: a}\n").contains("without `apiVersion`"));
    assert!(said("apiVersion: v1\nmetadata: {name: a}\n").contains("without `kind`"));
    assert!(said("apiVersion: v1\nkind: Pod\n").contains("without `metadata.name`"));
    assert!(said("apiVersion: v1\nkind: Pod\nmetadata: {name: ''}\n").contains("without"));
    let number = said("apiVersion: v1\nkind: Pod\nmetadata:\n  name: 0123\n");
    assert!(number.starts_with("shop.yaml:4:3: `metadata.name` is the number 83"), "{number}");
    assert!(said("apiVersion: v1\nkind: Pod\nmetadata: [a]\n").contains("where a map belongs"));
    let namespace = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: on}\n";
    assert!(said(namespace).contains("the truth value true"));
}

#[test]
fn what_does_not_even_look_like_an_object_is_apart() {
    for (text, why) in [("- a\n", "a list of 1"), ("name: web\n", "without `kind`")] {
        let read = objects_of(text);
        assert_eq!((read.faults.len(), read.foreign.len()), (0, 1), "{text}");
        assert!(read.foreign[0].to_string().contains(why), "{}", read.foreign[0]);
    }
    // Beside good ones it is seen all the same.
    let read = objects_of("name: web\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");
    assert_eq!((read.objects.len(), read.foreign.len()), (1, 1));
}

const NOT_RENDERED: &str = "render it first, then check what comes out";

#[test]
fn templates_are_said_to_be_templates() {
    let bare = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n";
    let said = first_fault(bare);
    assert!(said.starts_with("shop.yaml:4:") && said.contains(NOT_RENDERED), "{said}");
    let block =
        "{{- if .Values.on }}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n{{- end }}\n";
    assert!(first_fault(block).contains(NOT_RENDERED));
    let labels = "a:\n  labels:\n    {{- include \"x\" . | nindent 4 }}\nb: 1\n";
    assert!(first_fault(labels).contains(NOT_RENDERED));
    for name in ["\"{{ .Release.Name }}-a\"", "${NAME}", "a-${NAME}"] {
        let said = first_fault(&format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n"));
        assert!(said.starts_with("shop.yaml:4:3: ") && said.contains(NOT_RENDERED), "{said}");
    }
    let kind = "apiVersion: v1\nkind: \"{{ .Values.kind }}\"\nmetadata: {name: a}\n";
    assert!(first_fault(kind).contains(NOT_RENDERED));
}

/// A template in a plain value is text for YAML: the rules have something to say about it.
#[test]
fn a_template_within_a_value_gets_through() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - image: \
                repo:{{ .Tag }}\n  - image: ${IMAGE}\n";
    let read = objects_of(text);
    assert_eq!(read.faults, Vec::new());
    let containers = read.objects[0].root().keys(&["spec", "containers"]).elements();
    assert_eq!(containers[0].key("image").text(), Some("repo:{{ .Tag }}"));
    assert_eq!(containers[1].key("image").text(), Some("${IMAGE}"));
}

/// A fault that has nothing to do with the braces of an analysis is not blamed on them.
#[test]
fn braces_in_quotes_are_not_blamed() {
    let text = "a: \"{{args.service}}\"\nquery: 'x{{ $labels.y }}'\nb: [1\n";
    let said = fault(text);
    assert!(!said.message.contains("template"), "{said}");
    let block = "a: |\n  {{ x }}\nb: c: d\n";
    let said = fault(block);
    assert_eq!(said.at.line, 3);
    assert!(said.message.contains("a template on line 2, column 3: if that is why"), "{said}");
}

#[test]
fn raw_material_of_kustomize_and_helm() {
    let kustomize = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    assert!(first_fault(kustomize).contains("kubectl kustomize"));
    let chart = "apiVersion: v2\nname: shop\nversion: 1.2.3\n";
    assert!(first_fault(chart).contains("helm template"));
    let read = |name: &str| objects(&name.into(), "resources: [a.yaml]\n", &Limits::default());
    let said = read("over/kustomization.yaml").faults[0].to_string();
    assert!(said.contains("kubectl kustomize"), "{said}");
    assert!(read("chart/values.yaml").faults[0].to_string().contains("helm template"));
    // Flux has objects of that kind.
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: \
                a}\n";
    assert_eq!(objects_of(flux).objects.len(), 1);
}
