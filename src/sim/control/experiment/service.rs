//! The services of an experiment's templates.
//!
//! Called while a template is looked after that has one.

use serde_json::{Value, json};

use super::template::fail;
use super::{EXPERIMENT_NAME, POD_HASH, Pass, TEMPLATE_NAME};
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object};

impl Pass<'_, '_> {
    /// Creates the service of a template, on the ports of its containers, if it has any.
    pub(super) fn create_service(&mut self, template: &Value, set: &Object, known: &mut Value) {
        let ports: Vec<Value> = set
            .items("/spec/template/spec/containers")
            .iter()
            .flat_map(|container| container.items("/ports"))
            .map(drawn_port)
            .collect();
        let (name, own) = (template.text("/name"), self.service(template.text("/name")));
        if ports.is_empty() || own.is_some_and(|service| service.name() == set.name()) {
            return;
        }
        let service = match template.text("/service/name") {
            "" => set.name(),
            service => service,
        };
        let drawn = json!({
            "metadata": {
                "name": service,
                "namespace": self.experiment.namespace(),
                "annotations": self.marks(name),
                "ownerReferences": [self.owner()],
            },
            "spec": {"selector": set.pointer("/metadata/labels"), "ports": ports},
        });
        let key = Key::new(Kind::Service, self.experiment.namespace(), service);
        let made = match self.turn.store.get(&key) {
            Some(there) if self.is_of(there, name) => Ok(()),
            Some(_) => Err(format!(
                "service {service} already exists and is not owned by experiment template {name}"
            )),
            None => match self.turn.store.create(Kind::Service, drawn, self.turn.now) {
                Ok(_) => Ok(()),
                Err(refusal) => Err(format!("cannot create service: {}", refusal.message)),
            },
        };
        match made {
            Ok(()) => {
                known.set("/serviceName", service);
                known.set("/podTemplateHash", set.label(POD_HASH));
            }
            Err(why) => fail(
                known,
                format!("Failed to create Service {service} for template '{name}': {why}"),
            ),
        }
    }

    /// Deletes the service of a template.
    pub(super) fn delete_service(&mut self, template: &str, known: &mut Value) {
        let Some(service) = self.service(template) else { return };
        let key = Key::new(Kind::Service, service.namespace(), service.name());
        match self.turn.store.delete(&key, None, self.turn.now) {
            Ok(_) => {
                known.take_out("/serviceName");
                known.take_out("/podTemplateHash");
            }
            Err(refusal) => fail(
                known,
                format!("Failed to delete Service for template '{template}': {}", refusal.message),
            ),
        }
    }

    /// The service that a template has.
    fn service(&self, template: &str) -> Option<&Object> {
        let services = self.turn.store.owned(self.experiment.uid(), Kind::Service);
        services.into_iter().find(|service| self.is_of(service, template))
    }

    fn is_of(&self, service: &Value, template: &str) -> bool {
        service.controller().is_some_and(|o| o.text("/uid") == self.experiment.uid())
            && service.annotation(EXPERIMENT_NAME) == Some(self.experiment.name())
            && service.annotation(TEMPLATE_NAME) == Some(template)
    }
}

fn drawn_port(port: &Value) -> Value {
    let number = port.int("/containerPort");
    let protocol = match port.text("/protocol") {
        "" => "TCP",
        protocol => protocol,
    };
    let mut drawn = json!({"port": number, "targetPort": number, "protocol": protocol});
    if let Some(name) = port.get("name") {
        drawn.set("/name", name.clone());
    }
    drawn
}
