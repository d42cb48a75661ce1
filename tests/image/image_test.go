// Package image reads the Dockerfile with BuildKit's own front end, which turns it into the steps of a build, and checks what comes out.
// There is no engine here that could take those steps.
package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

const root = "../.."

// What the chart's security context says.
const user = "65532:65532"

// Answers for the image that the build runs in: nothing is known of it but that it is there.
type resolver struct{ asked []string }

func (r *resolver) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.asked = append(r.asked, ref+" for "+opt.ImageOpt.Platform.Architecture)
	config, err := json.Marshal(ocispecs.Image{Platform: *opt.ImageOpt.Platform})
	return ref, digest.FromBytes(config), config, err
}

type built struct {
	image    *dockerspec.DockerOCIImage
	steps    []*pb.Op
	asked    []string
	warnings []string
}

func build(t *testing.T, from, to string) built {
	t.Helper()
	text, err := os.ReadFile(root + "/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var result built
	meta := &resolver{}
	target := ocispecs.Platform{OS: "linux", Architecture: to}
	caps := pb.Caps.CapSet(pb.Caps.All())
	converted, err := dockerfile2llb.Dockerfile2LLB(t.Context(), text, dockerfile2llb.ConvertOpt{
		MetaResolver:   meta,
		TargetPlatform: &target,
		LLBCaps:        &caps,
		Config:         dockerui.Config{BuildPlatforms: []ocispecs.Platform{{OS: "linux", Architecture: from}}},
		Warn: func(rule, _, _ string, message string, _ []parser.Range) {
			result.warnings = append(result.warnings, rule+": "+message)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	definition, err := converted.State.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, bytes := range definition.Def {
		var op pb.Op
		if err := op.UnmarshalVT(bytes); err != nil {
			t.Fatal(err)
		}
		result.steps = append(result.steps, &op)
	}
	result.image, result.asked = converted.Image, meta.asked
	return result
}

func TestItBuildsForBothArchitecturesOnBoth(t *testing.T) {
	for _, from := range []string{"amd64", "arm64"} {
		for _, to := range []string{"amd64", "arm64"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				b := build(t, from, to)
				if len(b.warnings) > 0 {
					t.Error(b.warnings)
				}
				if b.image.Architecture != to || b.image.OS != "linux" {
					t.Errorf("an image for %s %s", b.image.OS, b.image.Architecture)
				}
				// One image is fetched, for the machine that builds.
				if len(b.asked) != 1 || !strings.Contains(b.asked[0], "/library/rust:1.95-") || !strings.HasSuffix(b.asked[0], " for "+from) {
					t.Error(b.asked)
				}
				runs := 0
				for _, step := range b.steps {
					// Whatever runs is of that image: nothing is emulated.
					if source := step.GetSource(); source != nil && strings.Contains(source.Identifier, "/library/rust:") && step.Platform.Architecture != from {
						t.Errorf("%s for %s", source.Identifier, step.Platform.Architecture)
					}
					if run := step.GetExec(); run != nil {
						runs++
						if env := strings.Join(run.Meta.Env, " "); !strings.Contains(env, "TARGETARCH="+to) || !strings.Contains(env, "BUILDARCH="+from) {
							t.Error(env)
						}
					}
				}
				if runs != 2 {
					t.Errorf("%d steps run something", runs)
				}
			})
		}
	}
}

func TestItIsWhatTheChartRuns(t *testing.T) {
	b := build(t, "amd64", "amd64")
	config := b.image.Config
	if config.User != user {
		t.Errorf("USER %s", config.User)
	}
	if want := []string{"/usr/local/bin/esker"}; !reflect.DeepEqual(config.Entrypoint, want) {
		t.Errorf("ENTRYPOINT %v", config.Entrypoint)
	}
	if config.WorkingDir != "/var/lib/esker" || config.StopSignal != "SIGTERM" {
		t.Errorf("WORKDIR %s, STOPSIGNAL %s", config.WorkingDir, config.StopSignal)
	}
	for _, port := range []string{"9092/tcp", "9094/tcp", "9095/tcp", "9096/tcp"} {
		if _, exposed := config.ExposedPorts[port]; !exposed {
			t.Errorf("port %s is not exposed", port)
		}
	}
	for _, label := range []string{"title", "description", "licenses", "version", "revision", "created", "source"} {
		if config.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("no label %s", label)
		}
	}
	for _, text := range []string{root + "/helm/esker/templates/_helpers.tpl", root + "/helm/esker/templates/statefulset.yaml"} {
		content, err := os.ReadFile(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(text, ".tpl") {
			if !strings.Contains(string(content), "runAsUser: 65532\nrunAsGroup: 65532\n") {
				t.Errorf("%s runs as another user", text)
			}
		} else if !strings.Contains(string(content), "command: [/usr/local/bin/esker]\n") {
			t.Errorf("%s runs another command", text)
		}
	}
}

// What is copied into the last stage is the directory of image/root.sh, which the tests of Kubernetes run things in, and an empty one
// for data.
func TestNothingElseIsInIt(t *testing.T) {
	b := build(t, "amd64", "amd64")
	copied := map[string]string{}
	for _, step := range b.steps {
		for _, action := range step.GetFile().GetActions() {
			if c := action.GetCopy(); c != nil {
				owner := ""
				if c.Owner != nil {
					owner = fmt.Sprintf(" of %d", c.Owner.GetUser().GetByID())
				}
				copied[c.Src] = c.Dest + owner
			}
		}
	}
	want := map[string]string{"/": "/src/", "/root-of-image": "/", "/data": "/var/lib/esker/ of 65532"}
	if !reflect.DeepEqual(copied, want) {
		t.Errorf("%q", copied)
	}
}

// What `COPY . .` sees.
func TestTheContextIsWhatTheBuildReads(t *testing.T) {
	file, err := os.Open(root + "/.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	var bytes int64
	found := map[string]int{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if entry.IsDir() {
			if name == ".git" || name == ".tools" || name == "target" || entry.Name() == "node_modules" {
				if out, _ := ignored.MatchesOrParentMatches(name); !out {
					t.Errorf("%s is in the context", name)
				}
				return filepath.SkipDir
			}
			return nil
		}
		out, err := ignored.MatchesOrParentMatches(name)
		if err != nil || out {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
			found[strings.Split(name, "/")[0]]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if bytes > 32<<20 {
		t.Errorf("%d bytes", bytes)
	}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "crates", "proto", "image"} {
		if found[name] == 0 {
			t.Errorf("%s is not in the context", name)
		}
		delete(found, name)
	}
	delete(found, "LICENSE")
	if len(found) > 0 {
		t.Errorf("%v are in the context", found)
	}
}
