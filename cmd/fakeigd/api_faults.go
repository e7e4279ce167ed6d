package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

func faultsOf(g *gateway) (any, error) {
	v := faultsView{[]json.RawMessage{}}
	for _, f := range g.Faults() {
		text, err := scenarios.Encode(f)
		if err != nil {
			return nil, err
		}
		v.Faults = append(v.Faults, text)
	}
	return v, nil
}

func listFaults(c *call) (any, error) { return faultsOf(c.gateway) }

// addFaults adds all faults of the body, or none.
func addFaults(c *call) (any, error) {
	all, err := decode[[]emulator.Fault](c)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, badRequest(`for example {"on": "soap.AddPortMapping", "do": {"upnp-error": 501}}`, "there is no fault to add")
	}
	if err := c.gateway.AddFault(all...); err != nil {
		return nil, badRequest("", "%v", err)
	}
	return faultsOf(c.gateway)
}

func removeFaults(c *call) (any, error) {
	for _, f := range c.gateway.Faults() {
		c.gateway.RemoveFault(f.Name)
	}
	return faultsOf(c.gateway)
}

func removeFault(c *call) (any, error) {
	name := c.PathValue("fault")
	if !c.gateway.RemoveFault(name) {
		var names []string
		for _, f := range c.gateway.Faults() {
			names = append(names, f.Name)
		}
		r := &refusal{http.StatusNotFound, "no_such_fault", fmt.Sprintf("gateway %s has no fault %q", c.gateway.Name(), name), "it has none"}
		if len(names) > 0 {
			r.hint = fmt.Sprintf("it has %s", slices.Compact(names))
		}
		return nil, r
	}
	return faultsOf(c.gateway)
}
