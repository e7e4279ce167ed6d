package scenarios

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Parse reads one scenario. file is its name in errors, which are all *InvalidError.
func Parse(file string, data []byte) (*Scenario, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &InvalidError{File: file, Problems: []Problem{{Message: "the file is empty"}}}
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return nil, &InvalidError{File: file, Problems: syntax(err)}
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	var c checker
	c.check(root, reflect.TypeFor[Scenario](), nil)
	if len(c.problems) > 0 {
		return nil, &InvalidError{File: file, Problems: c.problems}
	}
	var s Scenario
	if err := root.Load(&s, yaml.WithKnownFields()); err != nil {
		return nil, &InvalidError{File: file, Problems: syntax(err)}
	}
	s.senses(nameOf(file), func(at path, format string, args ...any) {
		c.add(at.node(root), at, "", format, args...)
	})
	if len(c.problems) > 0 {
		return nil, &InvalidError{File: file, Problems: c.problems}
	}
	return &s, nil
}

// syntax turns what the YAML library says into problems.
func syntax(err error) []Problem {
	var many *yaml.LoadErrors
	if errors.As(err, &many) {
		var problems []Problem
		for _, e := range many.Errors {
			problems = append(problems, problemOf(e))
		}
		return problems
	}
	var one *yaml.LoadError
	if errors.As(err, &one) {
		return []Problem{problemOf(one)}
	}
	return []Problem{{Message: err.Error()}}
}

func problemOf(e *yaml.LoadError) Problem {
	message := strings.TrimPrefix(e.Message, "yaml: ")
	if e.ContextMsg != "" {
		message += " " + e.ContextMsg
	}
	return Problem{Line: e.Mark.Line, Column: e.Mark.Column, Message: message}
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
