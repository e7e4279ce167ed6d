package scenarios

import _ "embed"

//go:embed schema.json
var schema []byte

// JSONSchema is the scenario language as a JSON Schema (draft 2020-12), for editors. It knows keys, types and words, with what each
// means; which names exist and what goes together, only [Parse] knows.
func JSONSchema() []byte { return schema }
