package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

var place *Workplace

func TestMain(m *testing.M) {
	root, err := os.MkdirTemp("", "esker-terraform")
	if err == nil {
		place, err = NewWorkplace(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(root)
	os.Exit(code)
}

func each(t *testing.T, check func(t *testing.T, directory string)) {
	for _, directory := range append(Modules, Examples...) {
		t.Run(directory, func(t *testing.T) { check(t, directory) })
	}
}

func TestFormat(t *testing.T) {
	if out, err := place.Tofu(".", "fmt", "-check", "-recursive", "-diff"); err != nil {
		t.Fatalf("tofu fmt -recursive terraform: %v\n%s", err, out)
	}
}

// Everything that Terraform itself checks, with the providers' schemas; then the configuration's own tests, and what they made.
func TestValidateAndTest(t *testing.T) {
	each(t, func(t *testing.T, directory string) {
		for _, arguments := range [][]string{{"init", "-backend=false", "-no-color"}, {"validate", "-no-color"}} {
			if out, err := place.Tofu(directory, arguments...); err != nil {
				t.Fatalf("%v: %v\n%s", arguments, err, out)
			}
		}
		runs, complaints, err := place.Test(directory)
		if err != nil || len(runs) < 2 {
			t.Fatalf("%d runs, %v\n%s", len(runs), err, complaints)
		}
		made := 0
		for _, run := range runs {
			if run.Status != "pass" {
				t.Errorf("run %s: %s", run.Name, run.Status)
			}
			for _, resource := range run.Resources {
				made++
				for _, why := range wrongs(resource) {
					t.Errorf("run %s: %s: %s", run.Name, resource.Address, why)
				}
				if resource.Type == "helm_release" {
					if err := chartTakes(resource); err != nil {
						t.Errorf("run %s: %s: %v", run.Name, resource.Address, err)
					}
				}
			}
		}
		if made == 0 {
			t.Error("no run made anything: nothing was looked at")
		}
	})
}

// The values of a release, merged as Helm does it, are what the chart's schema allows.
func chartTakes(release Resource) error {
	merged := map[string]any{}
	list, _ := release.Values["values"].([]any)
	for _, text := range list {
		var values map[string]any
		if err := yaml.UnmarshalStrict([]byte(fmt.Sprint(text)), &values); err != nil {
			return err
		}
		merge(merged, values)
	}
	if store, _ := merged["objectStore"].(map[string]any); store["url"] == nil {
		return fmt.Errorf("no objectStore.url in %v", merged)
	}
	defaults := map[string]any{}
	text, err := os.ReadFile("../../helm/esker/values.yaml")
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, &defaults); err != nil {
		return err
	}
	merge(defaults, merged)
	schema, err := jsonschema.NewCompiler().Compile("../../helm/esker/values.schema.json")
	if err != nil {
		return err
	}
	return schema.Validate(defaults)
}

func merge(into, from map[string]any) {
	for key, value := range from {
		below, isMap := value.(map[string]any)
		if there, wasMap := into[key].(map[string]any); isMap && wasMap {
			merge(there, below)
			continue
		}
		into[key] = value
	}
}

func TestTheChartRefusesOtherValues(t *testing.T) {
	for _, values := range []string{`objectStore: {url: "s3://b/p", zone: x}`, `objectStore: {url: 1}`, `etcd: {}`} {
		if chartTakes(Resource{Values: map[string]any{"values": []any{values}}}) == nil {
			t.Errorf("taken: %s", values)
		}
	}
}

// The stand-ins are worth something: what a schema does not know is refused.
func TestMistakesAreSeen(t *testing.T) {
	for name, mistake := range map[string]struct{ text, complaint string }{
		"an unknown attribute":  {`resource "aws_s3_bucket" "x" { buckets = "b" }`, "buckets"},
		"an unknown block":      {"resource \"aws_s3_bucket_ownership_controls\" \"x\" {\n bucket = \"b\"\n rules {}\n}", "rules"},
		"an unknown resource":   {`resource "aws_s3_buckets" "x" {}`, "aws_s3_buckets"},
		"a wrong type":          {`resource "aws_s3_bucket" "x" { force_destroy = [] }`, "force_destroy"},
		"what is needed":        {`resource "aws_s3_bucket_policy" "x" { bucket = "b" }`, "policy"},
		"what is only read":     {"resource \"aws_iam_role\" \"x\" {\n assume_role_policy = \"{}\"\n arn = \"a\"\n}", "arn"},
		"an unknown output":     {"resource \"aws_iam_role\" \"x\" { assume_role_policy = \"{}\" }\noutput \"y\" { value = aws_iam_role.x.urn }", "urn"},
		"a block too many":      {"resource \"aws_s3_bucket\" \"x\" {\n versioning {}\n versioning {}\n}", "versioning"},
		"a nested wrong member": {"resource \"helm_release\" \"x\" {\n name = \"n\"\n chart = \"c\"\n set = [{ key = \"a\" }]\n}", "set"},
	} {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join("mistakes", strings.ReplaceAll(name, " ", "-"))
			at := filepath.Join(place.Root, "terraform", directory)
			if err := os.MkdirAll(at, 0o700); err != nil {
				t.Fatal(err)
			}
			text := mistake.text + "\nterraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n    helm = { source = \"hashicorp/helm\" }\n  }\n}\n"
			if err := os.WriteFile(filepath.Join(at, "main.tf"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := place.Tofu(directory, "init", "-backend=false", "-no-color"); err != nil {
				t.Fatalf("init: %v\n%s", err, out)
			}
			out, err := place.Tofu(directory, "validate", "-no-color")
			if err == nil || !strings.Contains(out, mistake.complaint) {
				t.Fatalf("%v, and no word of %q:\n%s", err, mistake.complaint, out)
			}
		})
	}
}
