// Command render prints what the chart renders for a file of values, as a JSON array of objects.
// It runs in this module's directory: `go run ./cmd/render VALUES`.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"esker.test/helm"
)

func main() {
	if err := render(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: render VALUES")
	}
	values, err := helm.Values(os.Args[1])
	if err != nil {
		return err
	}
	objects, err := helm.Render(values)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(objects)
}
