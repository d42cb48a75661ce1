package terraform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Every block of a kind in a configuration's files.
func blocks(t *testing.T, directory, kind string) []*hclsyntax.Block {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../terraform", directory, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatal(directory, err)
	}
	var found []*hclsyntax.Block
	for _, file := range files {
		parsed, problems := hclparse.NewParser().ParseHCLFile(file)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
			if block.Type == kind {
				found = append(found, block)
			}
		}
	}
	return found
}

// Typed and described, all of them; a module's also validated (but for what is only yes or no), and each validation seen to refuse.
func TestVariablesAreTypedDescribedAndValidated(t *testing.T) {
	each(t, func(t *testing.T, directory string) {
		tests, err := filepath.Glob(filepath.Join("../../terraform", directory, "tests/*.tftest.hcl"))
		if err != nil || len(tests) == 0 {
			t.Fatal("no tests", err)
		}
		var refused string
		for _, file := range tests {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, list := range regexp.MustCompile(`(?s)expect_failures = \[(.*?)\]`).FindAllStringSubmatch(string(text), -1) {
				refused += list[1] + ","
			}
		}
		found := blocks(t, directory, "variable")
		if len(found) < 5 {
			t.Fatalf("%d variables", len(found))
		}
		for _, variable := range found {
			name, attributes := variable.Labels[0], variable.Body.Attributes
			if attributes["type"] == nil || attributes["description"] == nil {
				t.Errorf("%s: no type, or no description", name)
				continue
			}
			kind := attributes["type"].Expr.Range()
			text, err := os.ReadFile(kind.Filename)
			if err != nil {
				t.Fatal(err)
			}
			yesOrNo := string(kind.SliceBytes(text)) == "bool"
			validated := len(variable.Body.Blocks) > 0
			if strings.HasPrefix(directory, "modules/") && !validated && !yesOrNo {
				t.Errorf("%s: no validation", name)
			}
			if validated && !regexp.MustCompile(`\bvar\.`+name+`\b`).MatchString(refused) {
				t.Errorf("%s: no test sees its validation refuse", name)
			}
		}
	})
}

func TestOutputsAreDescribed(t *testing.T) {
	each(t, func(t *testing.T, directory string) {
		for _, output := range blocks(t, directory, "output") {
			if output.Body.Attributes["description"] == nil {
				t.Errorf("%s: no description", output.Labels[0])
			}
		}
	})
}

// Versions are bounded to those whose schema was looked at.
func TestProvidersAreBounded(t *testing.T) {
	each(t, func(t *testing.T, directory string) {
		text, err := os.ReadFile(filepath.Join("../../terraform", directory, "versions.tf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, bound := range regexp.MustCompile(`version += "(.*)"`).FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(bound[1], "~> ") && !strings.HasPrefix(bound[1], ">= 1.") {
				t.Errorf("%q", bound[1])
			}
		}
	})
}

func TestRulesSeeWhatIsForbidden(t *testing.T) {
	for _, text := range []string{
		`{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/p/*"}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/p/*", "Principal": "*"}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "pods.eks.amazonaws.com"}}]}`,
		`{"Statement": [{"Effect": "Allow", "NotAction": "s3:GetObject", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/p/*"}]}`,
		`{"Statement": []}`,
	} {
		if len(wrongs(Resource{Values: map[string]any{"policy": text}})) == 0 {
			t.Errorf("allowed: %s", text)
		}
	}
	for kind, values := range map[string]map[string]any{
		"google_storage_bucket_iam_member":  {"member": "allUsers"},
		"google_service_account_iam_member": {"role": "roles/owner"},
		"google_storage_bucket":             {"public_access_prevention": "inherited", "uniform_bucket_level_access": true},
		"azurerm_storage_container":         {"container_access_type": "blob"},
		"azurerm_role_definition":           {"permissions": []any{map[string]any{"data_actions": []any{"Microsoft.Storage/*"}}}},
	} {
		if len(wrongs(Resource{Type: kind, Values: values})) == 0 {
			t.Errorf("allowed: %s %v", kind, values)
		}
	}
}
