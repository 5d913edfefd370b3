//! Scripts of kubectl commands that have to print the same on smi-fake as on the real server.

use crate::{Outcome, sides::Sides};

const NOTE: &str = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: note
  labels: {app: web}
data: {text: hello}
";
const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {app: web}
  ports:
  - {name: http, port: 80}
";
const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}}
";
const SPLIT: &str = "
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata:
  name: web
  labels: {app: web}
spec:
  service: web
  backends:
  - {service: web-v1, weight: 90}
  - {service: web-v2, weight: 10}
";
/// Two objects in one document.
const LIST: &str = "
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: listed}
  data: {text: hello}
- apiVersion: split.smi-spec.io/v1alpha4
  kind: TrafficSplit
  metadata: {name: listed}
  spec: {service: web, backends: [{service: web-v1, weight: 1}]}
";

const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: 'same:reader'}
rules:
- {apiGroups: [''], resources: [secrets], resourceNames: [web], verbs: [get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {kind: Role, name: 'same:reader'}
subjects:
- {kind: ServiceAccount, name: web, namespace: shop}
- {kind: User, name: jane}
- {kind: Group, name: readers}
- {kind: Group, name: writers}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: 'same:rights'}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: 'same:rights'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'same:rights'}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: half}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
";

/// Both servers, with these manifests in the folder `mesh` and some beside it.
async fn sides(namespace: &str) -> Outcome<Sides> {
    let sides = Sides::new(namespace).await?;
    sides.write("mesh/note.yaml", NOTE)?;
    sides.write("mesh/service.yaml", SERVICE)?;
    sides.write("mesh/deployment.yaml", DEPLOYMENT)?;
    sides.write("mesh/split.yaml", SPLIT)?;
    sides.write("rights.yaml", RIGHTS)?;
    sides.write("path.yaml", &RIGHTS.replace("same:reader", "same/reader"))?;
    sides.write("even.yaml", &SPLIT.replace("90", "50").replace("10", "50"))?;
    sides.write("bad.yaml", &SPLIT.replace("10", "-1"))?;
    sides.write(
        "odd.yaml",
        &SPLIT.replace("service: web\n", "service: web\n  color: red\n"),
    )?;
    sides.write("list.yaml", LIST)?;
    sides.write(
        "odd-list.yaml",
        &LIST.replace("{service: web,", "{service: web, color: red,"),
    )?;
    Ok(sides)
}

/// Runs `script` with `NS` as its namespace.
async fn check(namespace: &str, script: &str) -> Outcome {
    sides(namespace).await?.same(&script.replace("NS", namespace)).await
}

#[tokio::test]
async fn what_is_applied_is_created_configured_or_refused() {
    let script = "
        apply -n NS -f mesh
        apply -n NS -f mesh
        apply -n NS -f even.yaml
        apply -n NS -f even.yaml --dry-run=client
        apply -n NS -f mesh/split.yaml --dry-run=server -o yaml
        get ts web -n NS -o yaml
        ! apply -n NS -f odd.yaml
        ! apply -n NS -f odd.yaml --validate=strict
        apply -n NS -f odd.yaml --validate=warn
        apply -n NS -f odd.yaml --validate=ignore
        ! apply -n NS -f bad.yaml
        ! apply -n nowhere -f mesh/split.yaml
        ! create -n NS -f mesh/split.yaml
        replace -n NS -f mesh/split.yaml
        ! replace -n NS -f bad.yaml
        ! diff -n NS -f even.yaml
        diff -n NS -f mesh/split.yaml
        apply -n NS -f mesh --prune -l app=web --prune-allowlist=split.smi-spec.io/v1alpha4/TrafficSplit
    ";
    check("same-apply", script).await.unwrap();
}

#[tokio::test]
async fn a_list_is_applied_object_by_object() {
    let script = "
        apply -n NS -f list.yaml
        apply -n NS -f list.yaml
        ! apply -n NS -f odd-list.yaml
        apply -n NS -f odd-list.yaml --validate=ignore
        apply -n NS --server-side --force-conflicts -f list.yaml
        diff -n NS -f list.yaml
        get -n NS -f list.yaml
        delete -n NS -f list.yaml
    ";
    check("same-list", script).await.unwrap();
}

#[tokio::test]
async fn server_side_apply_has_its_owners_and_conflicts() {
    let script = "
        apply -n NS --server-side -f mesh
        apply -n NS --server-side -f mesh
        ! apply -n NS --server-side --field-manager=other -f even.yaml
        apply -n NS --server-side --field-manager=other --force-conflicts -f even.yaml
        get ts,svc,deploy,cm -n NS -o yaml --show-managed-fields
        ! apply -n NS --server-side -f odd.yaml
        apply -n NS --server-side --force-conflicts --dry-run=server -f mesh
        apply -n NS -f mesh/note.yaml
        apply -n NS --server-side -f mesh/note.yaml
        get cm note -n NS -o yaml --show-managed-fields
    ";
    check("same-server-side", script).await.unwrap();
}

#[tokio::test]
async fn rights_and_budgets_are_kept_as_they_are_applied() {
    let script = "
        apply -n NS -f rights.yaml --validate=strict
        apply -n NS -f rights.yaml
        ! create -n NS -f path.yaml
        get role,rolebinding,pdb -n NS
        get role,rolebinding,pdb -n NS -o wide
        get role,rolebinding -n NS -o yaml --show-managed-fields
        get pdb -n NS -o yaml
        get clusterrole,clusterrolebinding same:rights -o yaml
        get clusterrolebinding same:rights -o wide
        replace -n NS -f rights.yaml
        apply -n NS --server-side --force-conflicts -f rights.yaml
        delete -n NS -f rights.yaml
    ";
    check("same-rights", script).await.unwrap();
}

#[tokio::test]
async fn objects_are_shown_in_every_form() {
    let script = "
        apply -n NS -f mesh
        get all -n NS
        get all -n NS -o wide
        get smi -n NS -o wide
        get ts,svc,cm,deploy -n NS -o yaml
        get ts,cm -n NS -o json
        get cm,svc,ts -n NS -o name
        get ts/web svc/web -n NS
        get ts -n NS -l app=web
        get ts -n NS -l 'app in (web,api),!old'
        get ts -n NS -l 'app notin (web)'
        get ts -n NS -l 'app>1'
        ! get ts -n NS -l 'app>x'
        ! get ts -n NS -l 'app in web'
        ! get ts -n NS -l '_app=web'
        ! get ts -n NS -l 'app=_web'
        ! get ts -n NS -l 'app in (a,_web)'
        get cm -n NS --field-selector metadata.name=note
        get cm -n NS --field-selector metadata.name!=note
        get svc -n NS --field-selector spec.type=ClusterIP
        ! get ts -n NS --field-selector spec.service=web
        get ts -n NS --show-labels -L app
        get ts -n NS --chunk-size=1
        get ts web -n NS -o jsonpath={.spec.service}
        get ts web -n NS -o go-template={{.spec.service}}
        get ts -n NS -o custom-columns=N:.metadata.name,S:.spec.service --sort-by=.metadata.name
        get trafficsplits.v1alpha1.split.smi-spec.io web -n NS -o yaml
        ! get ts none -n NS
        get ts none -n NS --ignore-not-found
        ! get nothing -n NS
        get events,secret,sa,lease,endpointslice,pod -n NS
        get crd trafficsplits.split.smi-spec.io tcproutes.specs.smi-spec.io
        get crd trafficsplits.split.smi-spec.io -o wide
        get crd trafficsplits.split.smi-spec.io -o yaml
        describe crd udproutes.specs.smi-spec.io
        describe ts web -n NS
        describe svc web -n NS
        describe cm note -n NS
        describe deploy web -n NS
        wait --for=jsonpath={.spec.service}=web ts/web -n NS --timeout=10s
        wait --for=condition=Established crd trafficsplits.split.smi-spec.io --timeout=10s
        ! wait --for=condition=Never ts/web -n NS --timeout=1s
        get --raw /healthz
        ! get --raw /nothing
        ! get --raw /apis/nothing/v1
    ";
    check("same-get", script).await.unwrap();
}

#[tokio::test]
async fn objects_are_changed_by_patches_editors_labels_and_annotations() {
    let script = r#"
        apply -n NS -f mesh
        patch ts web -n NS --type=merge -p '{"spec":{"service":"x"}}'
        patch ts web -n NS --type=merge -p '{"spec":{"service":"x"}}'
        patch ts web -n NS --type=json -p '[{"op":"replace","path":"/spec/service","value":"web"}]'
        ! patch ts web -n NS --type=json -p '[{"op":"test","path":"/spec/service","value":"no"}]'
        ! patch ts web -n NS -p '{"spec":{"service":"x"}}'
        ! patch ts web -n NS --type=merge -p '{"spec":{"backends":[{"service":"a","weight":-5}]}}'
        ! patch ts none -n NS --type=merge -p '{}'
        patch svc web -n NS -p '{"spec":{"ports":[{"port":81,"name":"alt"}]}}'
        patch svc web -n NS --type=json -p '[{"op":"add","path":"/spec/ports/-","value":{"name":"third","port":82}}]'
        patch deploy web -n NS -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"envoy"}]}}}}'
        patch cm note -n NS --type=merge -p '{"data":{"text":null,"more":"1"}}'
        KUBE_EDITOR='sed -i s/web-v1/web-v3/' edit ts web -n NS
        KUBE_EDITOR='sed -i s/more/less/' edit cm note -n NS
        KUBE_EDITOR=true edit cm note -n NS
        label ts web -n NS tier=front
        label ts web -n NS tier=front
        ! label ts web -n NS tier=back
        label ts web -n NS tier=back --overwrite
        ! label ts web -n NS tier=bad! --overwrite
        label ts web -n NS tier-
        annotate ts web -n NS note=hello
        annotate ts web -n NS note-
        label svc,cm --all -n NS x=y
        set image deploy/web web=nginx:2 -n NS
        set env deploy/web A=b -n NS
        get ts,svc,cm,deploy -n NS -o yaml
    "#;
    check("same-change", script).await.unwrap();
}

#[tokio::test]
async fn objects_are_deleted_by_name_by_label_and_when_their_finalizers_are_done() {
    let script = r#"
        apply -n NS -f mesh
        delete ts web -n NS --dry-run=server
        delete ts web -n NS
        wait --for=delete ts/web -n NS --timeout=10s
        ! delete ts web -n NS
        delete ts web -n NS --ignore-not-found
        apply -n NS -f mesh
        delete svc,cm -n NS -l app=web
        delete ts --all -n NS
        delete -n NS -f mesh/deployment.yaml --cascade=orphan --wait=false
        get deploy web -n NS -o jsonpath={.metadata.finalizers}
        apply -n NS -f mesh/split.yaml
        patch ts web -n NS --type=merge -p '{"metadata":{"finalizers":["a.b/c"]}}'
        delete ts web -n NS --wait=false
        get ts web -n NS -o yaml
        patch ts web -n NS --type=merge -p '{"metadata":{"finalizers":null}}'
        ! get ts web -n NS
        create configmap late -n NS
        delete namespace NS --wait=false
        get namespace NS
        ! create configmap later -n NS
    "#;
    check("same-delete", script).await.unwrap();
}

#[tokio::test]
async fn what_kubectl_makes_itself_is_made() {
    let script = "
        ! create namespace NS
        ! create namespace Bad_Name
        create namespace another --dry-run=server
        create configmap conf --from-literal=a=b -n NS
        ! create configmap conf -n NS
        ! create configmap conf -n nowhere
        create secret generic keys --from-literal=a=b -n NS
        create sa robot -n NS
        create service clusterip front --tcp=80:8080 -n NS
        create service externalname outside --external-name=a.b -n NS
        create deployment made --image=nginx --replicas=2 --port=80 -n NS
        expose deployment made --port=80 --name=exposed -n NS
        run pod --image=nginx -n NS
        get pod -n NS -o wide
        get cm,secret,sa,svc,deploy -n NS -o yaml
        describe secret keys -n NS
        describe sa robot -n NS
        delete pod pod -n NS --wait=false
    ";
    check("same-create", script).await.unwrap();
}

#[tokio::test]
async fn kinds_and_their_fields_are_explained() {
    let script = "
        api-resources --api-group=split.smi-spec.io -o wide
        api-resources --categories=smi --sort-by=name
        explain ts
        explain ts.spec.backends --recursive
        explain ts.spec --api-version=split.smi-spec.io/v1alpha1
        explain svc
        explain svc.spec.ports.port
        explain configmap
        explain secret
        explain deployment.spec.template.spec.containers.env
        explain pod.spec.containers.resources
        explain crd.spec.names
        explain lease.spec
        ! explain ts.spec.nothing
        ! explain nothing
        auth can-i create ts
        auth can-i delete pods -n NS
        auth can-i '*' '*'
        cluster-info
    ";
    check("same-explain", script).await.unwrap();
}

#[tokio::test]
async fn mistakes_in_built_in_objects_are_refused_for_the_same_reasons() {
    let namespace = "same-mistakes";
    let sides = Sides::new(namespace).await.unwrap();
    let mut script = Vec::new();
    let object = |kind: &str, rest: &str| format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: a}}, {rest}}}");
    for (position, text) in [
        object("Service", "spec: {}"),
        object("Service", "spec: {ports: [{port: 0}]}"),
        object("Service", "spec: {ports: [{port: 80}, {port: 81}]}"),
        object("Service", "spec: {ports: [{port: 80, name: a}, {port: 80, name: b}]}"),
        object("Service", "spec: {type: Foo, ports: [{port: 80}]}"),
        object("Service", "spec: {ports: [{port: 80, protocol: X, name: A_}]}"),
        object("Service", "spec: {type: ExternalName}"),
        object("ConfigMap", "data: {a b: x}"),
        object("Secret", "stringData: {a b: x}"),
        object("Secret", "type: kubernetes.io/tls"),
        object("Pod", "spec: {containers: []}"),
        object("Pod", "spec: {containers: [{name: A_}]}"),
        object("Deployment", "spec: {}").replace("v1", "apps/v1"),
        object("Deployment", "spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: a, image: b}]}}}").replace("v1", "apps/v1"),
        object("ConfigMap", "data: {}").replace("name: a", "name: A_"),
        object("ConfigMap", "data: {}").replace("name: a", "name: a, labels: {_a: b}"),
        object("ConfigMap", "dada: {}"),
    ]
    .iter()
    .enumerate()
    {
        sides.write(&format!("{position}.yaml"), text).unwrap();
        script.push(format!("! create -n {namespace} -f {position}.yaml"));
    }
    sides.same(&script.join("\n")).await.unwrap();
}
