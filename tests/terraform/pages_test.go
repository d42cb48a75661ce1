package terraform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The values and the variables that the pages of docs/install tell people to use are known.
func TestPagesOfInstallation(t *testing.T) {
	pages, err := filepath.Glob("../../docs/install/*.md")
	if err != nil || len(pages) != 5 {
		t.Fatal(pages, err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	variable := regexp.MustCompile(`-var '?(\w+)=`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s: no values", page)
		}
		for _, values := range found {
			whole := []any{`objectStore: {url: "s3://bucket/esker"}`, values[1]}
			if err := chartTakes(Resource{Values: map[string]any{"values": whole}}); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		example := filepath.Join("examples", strings.TrimSuffix(filepath.Base(page), ".md"))
		used := map[string]bool{}
		for _, name := range variable.FindAllStringSubmatch(string(text), -1) {
			used[name[1]] = true
		}
		if len(used) == 0 {
			continue
		}
		for _, declared := range blocks(t, example, "variable") {
			name := declared.Labels[0]
			if declared.Body.Attributes["default"] == nil && !used[name] {
				t.Errorf("%s: the example wants %s", page, name)
			}
			delete(used, name)
		}
		for name := range used {
			t.Errorf("%s: the example knows no %s", page, name)
		}
	}
}
