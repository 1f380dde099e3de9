//! What people do to a workload, by exactly the requests that kubectl and its plugin send, and our
//! own: JSON Patches that begin with what must hold.
//!
//! Bodies are facts of `kubectl argo rollouts` 1.10. Never judges; the stage notes the answers.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::record::Kind;
use super::stage::{JSON, MERGE, PATCH, Stage};
use super::theatre::Answer;

impl Stage {
    /// A merge patch.
    pub(crate) async fn merge(&mut self, verb: &str, of: (Kind, &str), body: Value) -> Answer {
        let path = self.path(of.0, of.1);
        self.write(verb, of, ("PATCH", &path, MERGE), &body).await
    }

    /// A merge patch of the status of a Rollout.
    async fn merge_status(&mut self, verb: &str, name: &str, body: Value) -> Answer {
        let path = format!("{}/status", self.path(Kind::Rollout, name));
        self.write(verb, (Kind::Rollout, name), ("PATCH", &path, MERGE), &body).await
    }

    /// A JSON Patch of a Rollout, or of its status, as ours are.
    pub(crate) async fn patch(
        &mut self,
        verb: &str,
        name: &str,
        status: bool,
        ops: Value,
    ) -> Answer {
        let tail = if status { "/status" } else { "" };
        let path = format!("{}{tail}", self.path(Kind::Rollout, name));
        self.write(verb, (Kind::Rollout, name), ("PATCH", &path, PATCH), &ops).await
    }

    /// `promote`.
    pub(crate) async fn promote(&mut self, name: &str) {
        let rollout = self.promote_status(name).await;
        if rollout.pointer("/spec/paused") == Some(&json!(true)) {
            self.resume(name).await;
        }
    }

    /// The first write of `promote`, for the Rollout as it is returned.
    pub(crate) async fn promote_status(&mut self, name: &str) -> Value {
        let rollout = self.fetch(Kind::Rollout, name).await;
        let (spec, status) = (&rollout["spec"], &rollout["status"]);
        let canary = spec.pointer("/strategy/canary");
        let steps = canary.and_then(|c| c["steps"].as_array()).map_or(0, |s| s.len() as u64);
        let index = status["currentStepIndex"].as_u64();
        let next = |i: u64| if i < steps { i + 1 } else { i };
        let next = (steps > 0).then(|| next(index.unwrap_or(0)));
        let paused = status["pauseConditions"].as_array().is_some_and(|p| !p.is_empty());
        let judged = status.pointer("/canary/currentStepAnalysisRunStatus/status");
        let undecided = judged.is_some_and(|s| s == "Inconclusive");
        let body = if canary.is_some() && undecided && paused && status["controllerPause"] == true {
            next.map(|next| {
                json!({ "pauseConditions": null, "controllerPause": false, "currentStepIndex": next })
            })
        } else if paused {
            Some(json!({ "pauseConditions": null }))
        } else if canary.is_some() {
            next.map(|next| json!({ "pauseConditions": null, "currentStepIndex": next }))
        } else {
            None
        };
        match body {
            Some(status) => {
                self.merge_status("promote", name, json!({ "status": status })).await;
            }
            None => self.said.push(format!("promote {name}: nothing is sent")),
        }
        rollout
    }

    /// `promote --full`.
    pub(crate) async fn promote_full(&mut self, name: &str) {
        let rollout = self.promote_full_status(name).await;
        if rollout.pointer("/spec/paused") == Some(&json!(true)) {
            self.resume(name).await;
        }
    }

    /// The first write of `promote --full`, for the Rollout as it is returned.
    pub(crate) async fn promote_full_status(&mut self, name: &str) -> Value {
        let rollout = self.fetch(Kind::Rollout, name).await;
        let status = &rollout["status"];
        if status["currentPodHash"] == status["stableRS"] {
            self.said.push(format!("promote --full {name}: nothing is sent"));
        } else {
            let body = json!({ "status": { "promoteFull": true } });
            self.merge_status("promote --full", name, body).await;
        }
        rollout
    }

    /// `abort`.
    pub(crate) async fn abort(&mut self, name: &str) {
        self.merge_status("abort", name, json!({ "status": { "abort": true } })).await;
    }

    /// `retry rollout`.
    pub(crate) async fn retry(&mut self, name: &str) {
        self.merge_status("retry", name, json!({ "status": { "abort": false } })).await;
    }

    /// `pause`.
    pub(crate) async fn hold(&mut self, name: &str) {
        let body = json!({ "spec": { "paused": true } });
        self.merge("pause", (Kind::Rollout, name), body).await;
    }

    /// What the plugin has no verb of its own for.
    pub(crate) async fn resume(&mut self, name: &str) {
        let body = json!({ "spec": { "paused": false } });
        self.merge("resume", (Kind::Rollout, name), body).await;
    }

    /// `restart`.
    pub(crate) async fn restart(&mut self, name: &str) {
        let at = self.theatre.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let body = json!({ "spec": { "restartAt": at } });
        self.merge("restart", (Kind::Rollout, name), body).await;
    }

    /// `terminate analysisrun` and `terminate experiment`, of the one whose name ends so.
    pub(crate) async fn terminate(&mut self, kind: Kind, ending: &str) {
        let name = self.named(kind, ending).expect("something to terminate");
        let body = json!({ "spec": { "terminate": true } });
        self.merge("terminate", (kind, &name), body).await;
    }

    /// `set image`, or `kubectl set image` for a Deployment: the whole object is sent back, up to
    /// five times when somebody else was faster.
    pub(crate) async fn set_image(&mut self, of: (Kind, &str), tag: &str) {
        for _ in 0..5 {
            let mut object = self.fetch(of.0, of.1).await;
            object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image(tag));
            let path = self.path(of.0, of.1);
            if self.write("set image", of, ("PUT", &path, JSON), &object).await.code != 409 {
                return;
            }
            // Somebody else being faster is no part of the story.
            self.said.pop();
        }
        panic!("{}: five conflicts in a row", of.1);
    }

    /// A new version of a Rollout.
    pub(crate) async fn image(&mut self, name: &str, tag: &str) {
        self.set_image((Kind::Rollout, name), tag).await;
    }

    /// A new version whose pods fail as told, or no longer do.
    pub(crate) async fn release(&mut self, of: (Kind, &str), tag: &str, fault: Option<&str>) {
        // The plane goes by the annotation, the embedded cluster by the image.
        let tag = fault.map_or_else(|| tag.to_owned(), |fault| format!("{tag}-{fault}"));
        let containers = json!([{
            "name": "main",
            "image": image(&tag),
            "ports": [{ "name": "http", "containerPort": 8080 }],
        }]);
        let annotations = fault.map(|fault| json!({ "waveoff.demo/fault": fault }));
        let template = json!({
            "metadata": { "annotations": annotations },
            "spec": { "containers": containers },
        });
        self.merge("release", of, json!({ "spec": { "template": template } })).await;
    }

    /// `undo --to-revision`: the template of that revision's ReplicaSet, as a JSON Patch. 0 is the
    /// one before the newest. With `workloadRef` it is the Deployment's template.
    pub(crate) async fn undo(&mut self, name: &str, revision: u64) {
        let rollout = self.fetch(Kind::Rollout, name).await;
        let label = "rollouts-pod-template-hash";
        let template = self.revision_of(&rollout, "rollout.argoproj.io/revision", revision).await;
        let patch = replaced(template, label);
        let target = rollout.pointer("/spec/workloadRef/name").and_then(Value::as_str);
        let of = target.map_or((Kind::Rollout, name), |target| (Kind::Deployment, target));
        let path = self.path(of.0, of.1);
        self.write("undo", of, ("PATCH", &path, PATCH), &patch).await;
    }

    /// `kubectl rollout undo deployment`.
    pub(crate) async fn undo_deployment(&mut self, name: &str, revision: u64) {
        let deployment = self.fetch(Kind::Deployment, name).await;
        let template =
            self.revision_of(&deployment, "deployment.kubernetes.io/revision", revision).await;
        let patch = replaced(template, "pod-template-hash");
        let path = self.path(Kind::Deployment, name);
        self.write("undo", (Kind::Deployment, name), ("PATCH", &path, PATCH), &patch).await;
    }

    /// The template of a revision's ReplicaSet.
    async fn revision_of(&self, owner: &Value, annotation: &str, revision: u64) -> Value {
        let all = self.theatre.get(&Kind::ReplicaSet.within(&self.namespace)).await;
        let items = all.body["items"].as_array().expect("a list").clone();
        let ours = items.into_iter().filter(|set| {
            let owners = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
            owners.is_some_and(|o| o.iter().any(|o| o["uid"] == owner["metadata"]["uid"]))
        });
        let mut sets: Vec<(u64, Value)> = ours
            .map(|set| {
                let text = set["metadata"]["annotations"][annotation].as_str().unwrap_or("0");
                (text.parse().expect("a number"), set["spec"]["template"].clone())
            })
            .collect();
        sets.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        let found = match revision {
            0 => sets.get(1),
            wanted => sets.iter().find(|(number, _)| *number == wanted),
        };
        found.unwrap_or_else(|| panic!("no revision {revision}")).1.clone()
    }

    /// `kubectl scale`.
    pub(crate) async fn scale(&mut self, of: (Kind, &str), replicas: u32) {
        let path = format!("{}/scale", self.path(of.0, of.1));
        let body = json!({ "spec": { "replicas": replicas } });
        // The answer is a Scale, whose version is that of the object.
        self.write("scale", of, ("PATCH", &path, MERGE), &body).await;
    }

    /// What the metrics say about this story's versions.
    pub(crate) async fn errors_are(&self, rate: &str) {
        let name = format!("error_rate/{}", self.namespace);
        (self.theatre.house.set_metric)(name, rate.to_owned()).await;
    }
}

/// The image of a version.
pub(crate) fn image(tag: &str) -> String {
    format!("registry.example/web:{tag}")
}

/// The patch of an undo.
fn replaced(mut template: Value, label: &str) -> Value {
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(label);
    }
    json!([{ "op": "replace", "path": "/spec/template", "value": template }])
}
