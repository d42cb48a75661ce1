package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What schemas/extract.py writes.
type schemas struct {
	Source    string
	Version   string
	Provider  block
	Resources map[string]block
	Data      map[string]block
}

type block struct {
	Attributes map[string]attribute
	Blocks     map[string]nested
}

type attribute struct {
	Type   json.RawMessage
	Nested *nested
	Is     string
}

type nested struct {
	Nesting  string
	Min, Max int64
	Block    block
}

// The schema is beside the program: the same program serves all.
func load(name string) (*schemas, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(program), name+".json"))
	if err != nil {
		return nil, err
	}
	found := &schemas{}
	return found, json.Unmarshal(text, found)
}

func (b block) protocol(fill bool) (*tfprotov6.Schema, error) {
	inside, err := b.inside(fill)
	return &tfprotov6.Schema{Block: inside}, err
}

func (b block) inside(fill bool) (*tfprotov6.SchemaBlock, error) {
	attributes, err := b.attributes(fill)
	if err != nil {
		return nil, err
	}
	out := &tfprotov6.SchemaBlock{Attributes: attributes}
	for name, inner := range b.Blocks {
		nesting, known := map[string]tfprotov6.SchemaNestedBlockNestingMode{
			"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
			"list":   tfprotov6.SchemaNestedBlockNestingModeList,
			"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
			"map":    tfprotov6.SchemaNestedBlockNestingModeMap,
		}[inner.Nesting]
		if !known {
			return nil, fmt.Errorf("block %s: nesting %q", name, inner.Nesting)
		}
		below, err := inner.Block.inside(false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: below, Nesting: nesting, MinItems: inner.Min, MaxItems: inner.Max,
		})
	}
	return out, nil
}

// Whether a provider fills in what is left open, the bindings do not tell. With `fill` it may, for every attribute: nothing is then
// known of it before it is there.
func (b block) attributes(fill bool) ([]*tfprotov6.SchemaAttribute, error) {
	var out []*tfprotov6.SchemaAttribute
	for name, given := range b.Attributes {
		made := &tfprotov6.SchemaAttribute{
			Name:     name,
			Required: given.Is == "required",
			Optional: given.Is == "optional",
			Computed: given.Is == "computed" || fill && given.Is == "optional",
		}
		if given.Nested == nil {
			kind, err := tftypes.ParseJSONType(given.Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			made.Type = kind
			out = append(out, made)
			continue
		}
		nesting, known := map[string]tfprotov6.SchemaObjectNestingMode{
			"single": tfprotov6.SchemaObjectNestingModeSingle,
			"list":   tfprotov6.SchemaObjectNestingModeList,
			"set":    tfprotov6.SchemaObjectNestingModeSet,
			"map":    tfprotov6.SchemaObjectNestingModeMap,
		}[given.Nested.Nesting]
		if !known || len(given.Nested.Block.Blocks) > 0 {
			return nil, fmt.Errorf("attribute %s: nesting %q, %d blocks", name, given.Nested.Nesting, len(given.Nested.Block.Blocks))
		}
		below, err := given.Nested.Block.attributes(false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		made.NestedType = &tfprotov6.SchemaObject{Attributes: below, Nesting: nesting}
		out = append(out, made)
	}
	return out, nil
}
