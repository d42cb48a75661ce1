package terraform

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Policy of Amazon's.
type Policy struct {
	Statement []struct {
		Effect           string
		Action, Resource any
		Principal        any
		Condition        map[string]any
		NotAction        any
		NotResource      any
		NotPrincipal     any
	}
}

// Names that stand for everyone, and roles that allow nearly all there is.
var (
	everyone = []string{"allUsers", "allAuthenticatedUsers"}
	broad    = []string{"roles/owner", "roles/editor", "roles/storage.admin", "roles/storage.objectAdmin"}
)

// What no resource of a module may be, whatever its variables.
func wrongs(resource Resource) []string {
	var found []string
	for _, name := range []string{"policy", "assume_role_policy"} {
		if text, is := resource.Values[name].(string); is && strings.HasPrefix(text, "{") {
			var policy Policy
			if err := json.Unmarshal([]byte(text), &policy); err != nil {
				found = append(found, err.Error())
				continue
			}
			found = append(found, policy.wrongs()...)
		}
	}
	text, err := json.Marshal(resource.Values)
	if err != nil {
		return []string{err.Error()}
	}
	for _, name := range append(everyone, broad...) {
		if strings.Contains(string(text), `"`+name+`"`) {
			found = append(found, name)
		}
	}
	must := map[string]map[string]any{
		"aws_s3_bucket_public_access_block": {
			"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true,
		},
		"aws_s3_bucket_ownership_controls": {},
		"google_storage_bucket":            {"public_access_prevention": "enforced", "uniform_bucket_level_access": true},
		"azurerm_storage_account": {
			"allow_nested_items_to_be_public": false, "https_traffic_only_enabled": true, "shared_access_key_enabled": false, "min_tls_version": "TLS1_2",
		},
		"azurerm_storage_container": {"container_access_type": "private"},
	}[resource.Type]
	for name, value := range must {
		if resource.Values[name] != value {
			found = append(found, fmt.Sprintf("%s is %v, not %v", name, resource.Values[name], value))
		}
	}
	for _, name := range []string{"data_actions", "permissions"} {
		if strings.Contains(fmt.Sprint(resource.Values[name]), "*") {
			found = append(found, fmt.Sprintf("%s has a wildcard: %v", name, resource.Values[name]))
		}
	}
	return found
}

func (p Policy) wrongs() []string {
	var found []string
	if len(p.Statement) == 0 {
		found = append(found, "a policy that says nothing")
	}
	for _, statement := range p.Statement {
		if statement.Effect != "Allow" {
			continue
		}
		if statement.NotAction != nil || statement.NotResource != nil || statement.NotPrincipal != nil {
			found = append(found, "allows all but")
		}
		if actions := texts(statement.Action); len(actions) == 0 || strings.Contains(strings.Join(actions, " "), "*") {
			found = append(found, fmt.Sprintf("allows the actions %v", actions))
		}
		for _, resource := range texts(statement.Resource) {
			// Objects below a prefix: the one wildcard, at the end, with a bucket and a prefix before it.
			before, isBelow := strings.CutSuffix(resource, "/*")
			if strings.Contains(before, "*") || isBelow && strings.Count(before, "/") == 0 {
				found = append(found, "allows the resource "+resource)
			}
		}
		if strings.Contains(fmt.Sprint(statement.Principal), "*") {
			found = append(found, "allows everyone")
		}
		if statement.Principal != nil && len(statement.Condition) == 0 {
			found = append(found, "trusts without a condition")
		}
	}
	return found
}

// One text, or a list of them.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, each := range value {
			all = append(all, fmt.Sprint(each))
		}
		return all
	}
	return nil
}
