package scenarios

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Encode writes a value of the scenario language as JSON, in the shortest form that Decode reads as the same: what is zero is left
// out, and a map of which only the scalar key is given is that scalar.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := encode(&b, reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func encode(b *bytes.Buffer, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if text, ok := v.Interface().(encoding.TextMarshaler); ok {
		word, err := text.MarshalText()
		if err != nil {
			return err
		}
		return encodeJSON(b, string(word))
	}
	switch v.Kind() {
	case reflect.Struct:
		return encodeStruct(b, v)
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := encode(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case reflect.Map:
		return encodeMap(b, v)
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return encodeJSON(b, v.Interface())
	}
	return fmt.Errorf("scenarios: %v is not a type of the language", v.Type())
}

func encodeStruct(b *bytes.Buffer, v reflect.Value) error {
	var given []field
	for _, f := range fieldsOf(v.Type()) {
		if !v.FieldByIndex(f.index).IsZero() {
			given = append(given, f)
		}
	}
	if len(given) == 1 && given[0].scalar {
		return encode(b, v.FieldByIndex(given[0].index))
	}
	b.WriteByte('{')
	for i, f := range given {
		if err := encodeKey(b, i, f.key); err != nil {
			return err
		}
		if err := encode(b, v.FieldByIndex(f.index)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func encodeMap(b *bytes.Buffer, v reflect.Value) error {
	words := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		words[fmt.Sprint(k.Interface())] = v.MapIndex(k)
	}
	b.WriteByte('{')
	for i, word := range slices.Sorted(maps.Keys(words)) {
		if err := encodeKey(b, i, word); err != nil {
			return err
		}
		if err := encode(b, words[word]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func encodeKey(b *bytes.Buffer, before int, key string) error {
	if before > 0 {
		b.WriteByte(',')
	}
	if err := encodeJSON(b, key); err != nil {
		return err
	}
	b.WriteByte(':')
	return nil
}

func encodeJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	b.Truncate(len(bytes.TrimSuffix(b.Bytes(), []byte("\n"))))
	return err
}
