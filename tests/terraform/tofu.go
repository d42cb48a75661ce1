// Package terraform runs OpenTofu on the modules and examples of terraform/, with stand-ins for the providers.
package terraform

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	regaddr "github.com/opentofu/registry-address/v2"
)

// Configurations, below terraform/.
var (
	Modules  = []string{"modules/aws", "modules/azure", "modules/gcp"}
	Examples = []string{"examples/aks", "examples/eks", "examples/gke"}
)

// A Workplace is a copy of terraform/ and of the chart, where a tofu works that reaches no registry.
type Workplace struct {
	Root string
	tofu string
}

// NewWorkplace builds the stand-ins and copies what they are for.
func NewWorkplace(root string) (*Workplace, error) {
	tofu, err := binary()
	if err != nil {
		return nil, err
	}
	w := &Workplace{Root: root, tofu: tofu}
	for _, each := range []string{"terraform", "helm/esker"} {
		if err := os.CopyFS(filepath.Join(root, each), visible{os.DirFS(filepath.Join("../..", each))}); err != nil {
			return nil, err
		}
	}
	program := filepath.Join(root, "stand-ins", "standin")
	if out, err := exec.Command("go", "build", "-o", program, "./standin").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("standin: %w\n%s", err, out)
	}
	schemas, err := filepath.Glob("schemas/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range schemas {
		if err := w.install(file, program); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.Join(root, "mirror"))
	return w, os.WriteFile(filepath.Join(root, "tofurc"), []byte(config), 0o600)
}

// Beside the program its schema, and in the mirror the program under the name of the provider.
func (w *Workplace) install(file, program string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var schema struct{ Source, Version string }
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(program), filepath.Base(file)), text, 0o600); err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	directory := filepath.Join(w.Root, "mirror", regaddr.DefaultProviderRegistryHost.String(), schema.Source, schema.Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	return os.Symlink(program, filepath.Join(directory, "terraform-provider-"+name))
}

// What tofu leaves behind in a tree where people use it stays there: a lock file would name other providers.
type visible struct{ fs.FS }

func (v visible) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(v.FS, name)
	var kept []fs.DirEntry
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") && !strings.HasSuffix(entry.Name(), ".tfstate") {
			kept = append(kept, entry)
		}
	}
	return kept, err
}

// Tofu runs in a directory below the copy of terraform/. Its output is both streams; an error is an exit code.
func (w *Workplace) Tofu(directory string, arguments ...string) (string, error) {
	command := exec.Command(w.tofu, arguments...)
	command.Dir = filepath.Join(w.Root, "terraform", directory)
	// Nothing of the user's: no settings, no credentials, no registry.
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.Root, "TMPDIR=" + os.TempDir(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"TF_CLI_CONFIG_FILE=" + filepath.Join(w.Root, "tofurc"),
	}
	out, err := command.CombinedOutput()
	return string(out), err
}

// A Run is a `run` block of a test file: whether it passed, and what there would be after it.
type Run struct {
	Name, Status string
	Resources    []Resource
}

// A Resource with the values it would have.
type Resource struct {
	Address, Type string
	Values        map[string]any
}

// Test runs a configuration's own tests.
func (w *Workplace) Test(directory string) ([]Run, string, error) {
	out, failure := w.Tofu(directory, "test", "-json", "-verbose")
	var runs []Run
	states := map[string][]Resource{}
	var complaints strings.Builder
	lines := bufio.NewScanner(bytes.NewReader([]byte(out)))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Message   string                  `json:"@message"`
			Run       string                  `json:"@testrun"`
			Level     string                  `json:"@level"`
			Type      string                  `json:"type"`
			TestRun   struct{ Status string } `json:"test_run"`
			TestState *struct {
				Values struct {
					Root part `json:"root_module"`
				}
			} `json:"test_state"`
			Diagnostic struct{ Detail string }
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, out, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		switch {
		case line.TestState != nil:
			states[line.Run] = line.TestState.Values.Root.all()
		case line.Type == "test_run":
			runs = append(runs, Run{Name: line.Run, Status: line.TestRun.Status})
		case line.Level == "error":
			fmt.Fprintf(&complaints, "%s: %s\n%s\n", line.Run, line.Message, line.Diagnostic.Detail)
		}
	}
	for at := range runs {
		runs[at].Resources = states[runs[at].Name]
	}
	return runs, complaints.String(), failure
}

// A module in a state.
type part struct {
	Resources []Resource
	Children  []part `json:"child_modules"`
}

func (p part) all() []Resource {
	found := p.Resources
	for _, child := range p.Children {
		found = append(found, child.all()...)
	}
	return found
}

// The one that `make terraform` builds, of the version that tofu/go.mod names.
func binary() (string, error) {
	if given := os.Getenv("ESKER_TOFU"); given != "" {
		return given, nil
	}
	text, err := os.ReadFile("tofu/go.mod")
	if err != nil {
		return "", err
	}
	version := regexp.MustCompile(`github.com/opentofu/opentofu v(\S+)`).FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("tofu/go.mod names no version")
	}
	path, err := filepath.Abs(fmt.Sprintf("../../.tools/tofu-%s/tofu", version[1]))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: make terraform builds it", err)
	}
	return path, nil
}
