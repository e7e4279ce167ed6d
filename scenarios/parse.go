package scenarios

import (
	"path/filepath"
	"strings"
)

// Parse reads one scenario and composes its devices. file is its name in errors, which are all *InvalidError. No file is opened: the
// document can name built-in profiles and quirks only.
func Parse(file string, data []byte) (*Scenario, error) { return parse(file, data, nowhere) }

func parse(file string, data []byte, from origin) (*Scenario, error) {
	var c composer
	doc := c.document(file, data, from)
	if doc.root != nil && doc.root.kind == mapping {
		c.scenario(doc)
	}
	if err := c.problems.err(file); err != nil {
		return nil, err
	}
	return &doc.Scenario, nil
}

// nameOf makes a scenario name of a file name: "My Router.yaml" becomes my-router.
func nameOf(file string) string {
	base := filepath.Base(filepath.ToSlash(file))
	base = strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, base), "-")
	if name == "" {
		return "scenario"
	}
	return name[:min(len(name), 64)]
}
