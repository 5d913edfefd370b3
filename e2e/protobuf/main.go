// Prints how Kubernetes writes the kinds that smi-fake has built in as protobuf, for smi-fake/src/request/messages.txt:
//
//	cd e2e && go run ./protobuf > ../smi-fake/src/request/messages.txt
//
// A line with a name opens a message; each line below it is a field: number, JSON name, type. `+` for a name: the field's
// message has its fields in this one. `[]` before a type: a list; `{}`: a map from strings; `?`: told even if it is zero.
package main

import (
	"fmt"
	"path"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The types that write themselves in a way of their own.
var special = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():                 "time",
	reflect.TypeFor[metav1.MicroTime]():            "microTime",
	reflect.TypeFor[metav1.FieldsV1]():             "json",
	reflect.TypeFor[runtime.RawExtension]():        "json",
	reflect.TypeFor[resource.Quantity]():           "quantity",
	reflect.TypeFor[intstr.IntOrString]():          "intOrString",
	reflect.TypeFor[[]byte]():                      "bytes",
	reflect.TypeFor[authenticationv1.ExtraValue](): "extraValue",
}

var seen = map[reflect.Type]bool{}

func name(of reflect.Type) string {
	// k8s.io/api/core/v1 -> core.v1
	return path.Base(path.Dir(of.PkgPath())) + "." + path.Base(of.PkgPath()) + "." + of.Name()
}

func shape(of reflect.Type, next *[]reflect.Type) string {
	if word, found := special[of]; found {
		return word
	}
	switch of.Kind() {
	case reflect.Pointer:
		return shape(of.Elem(), next)
	case reflect.Slice:
		return "[]" + shape(of.Elem(), next)
	case reflect.Map:
		return "{}" + shape(of.Elem(), next)
	case reflect.Struct:
		*next = append(*next, of)
		return name(of)
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32:
		return "int"
	}
	return of.Kind().String()
}

func print(of reflect.Type) {
	if seen[of] {
		return
	}
	seen[of] = true
	var next []reflect.Type
	fmt.Println(name(of))
	for position := range of.NumField() {
		field := of.Field(position)
		number := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(number) < 2 {
			continue
		}
		json, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if json == "" {
			json = "+"
		}
		told := ""
		if field.Type.Kind() == reflect.Pointer || !strings.Contains(options, "omitempty") && json != "+" {
			told = "?"
		}
		fmt.Printf(" %s %s %s%s\n", number[1], json, told, shape(field.Type, &next))
	}
	for _, of := range next {
		print(of)
	}
}

func main() {
	for _, of := range []reflect.Type{
		reflect.TypeFor[appsv1.Deployment](),
		reflect.TypeFor[authenticationv1.SelfSubjectReview](),
		reflect.TypeFor[authorizationv1.SelfSubjectAccessReview](),
		reflect.TypeFor[authorizationv1.SelfSubjectRulesReview](),
		reflect.TypeFor[coordinationv1.Lease](),
		reflect.TypeFor[corev1.ConfigMap](),
		reflect.TypeFor[corev1.Event](),
		reflect.TypeFor[corev1.Namespace](),
		reflect.TypeFor[corev1.Pod](),
		reflect.TypeFor[corev1.Secret](),
		reflect.TypeFor[corev1.Service](),
		reflect.TypeFor[corev1.ServiceAccount](),
		reflect.TypeFor[discoveryv1.EndpointSlice](),
		reflect.TypeFor[eventsv1.Event](),
		reflect.TypeFor[metav1.DeleteOptions](),
	} {
		print(of)
	}
}
