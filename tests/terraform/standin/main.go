// A provider that knows a schema and does nothing: `tofu validate` and `tofu test` with mock providers ask a provider for no more.
// It is installed under the name of the real one (terraform-provider-aws), and that name says which schema it has.
//
// It stands in where the real provider's binary cannot be had. What real ones check beyond their schema (the form of names, what
// excludes what) it does not: terraform/README.md says so.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func main() {
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"), "_")
	schema, err := load(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	err = tf6server.Serve(schema.Source, func() tfprotov6.ProviderServer { return &provider{schema: schema} })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Calls that nobody makes of a schema end in a nil pointer, which the plugin's framework reports.
type provider struct {
	tfprotov6.ProviderServer
	schema *schemas
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	answer := &tfprotov6.GetMetadataResponse{}
	for name := range p.schema.Resources {
		answer.Resources = append(answer.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for name := range p.schema.Data {
		answer.DataSources = append(answer.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	config, err := p.schema.Provider.protocol(false)
	if err != nil {
		return nil, err
	}
	answer := &tfprotov6.GetProviderSchemaResponse{
		Provider:          config,
		ResourceSchemas:   map[string]*tfprotov6.Schema{},
		DataSourceSchemas: map[string]*tfprotov6.Schema{},
	}
	for name, block := range p.schema.Resources {
		if answer.ResourceSchemas[name], err = block.protocol(true); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, block := range p.schema.Data {
		if answer.DataSourceSchemas[name], err = block.protocol(true); err != nil {
			return nil, fmt.Errorf("data %s: %w", name, err)
		}
	}
	return answer, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (p *provider) ValidateResourceConfig(_ context.Context, request *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	problems, err := p.schema.Resources[request.TypeName].unconfigurable(request.Config)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: problems}, err
}

func (p *provider) ValidateDataResourceConfig(_ context.Context, request *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	problems, err := p.schema.Data[request.TypeName].unconfigurable(request.Config)
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: problems}, err
}

// Terraform leaves it to providers to refuse a value for what can only be read.
func (b block) unconfigurable(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
	schema, err := b.protocol(true)
	if err != nil {
		return nil, err
	}
	given, err := config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	var values map[string]tftypes.Value
	if err := given.As(&values); err != nil {
		return nil, err
	}
	var problems []*tfprotov6.Diagnostic
	for name, attribute := range b.Attributes {
		if value, set := values[name]; set && attribute.Is == "computed" && !value.IsNull() {
			problems = append(problems, &tfprotov6.Diagnostic{
				Severity:  tfprotov6.DiagnosticSeverityError,
				Summary:   fmt.Sprintf("%s can only be read", name),
				Attribute: tftypes.NewAttributePath().WithAttributeName(name),
			})
		}
	}
	return problems, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// The state that a test has just written is read again, as it is.
func (p *provider) UpgradeResourceState(_ context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	schema, err := p.schema.Resources[request.TypeName].protocol(true)
	if err != nil {
		return nil, err
	}
	kind := schema.ValueType()
	state, err := request.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	same, err := tfprotov6.NewDynamicValue(kind, state)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &same}, err
}
