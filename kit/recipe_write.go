package kit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"sslkit/kit/hub"
	"sslkit/kit/rundir"
)

// recipeFormat is the version of recipe.json that this code writes. It rises when older code would
// misread the file.
//
//	1: the augmentation was a field of the method (View, Pair, Crops), and beside the recipe the key Views held it resolved
//	2: Recipe.Augment; files of weights with their paths
//	3: SHA256SUMS lies beside the file
const recipeFormat = rundir.SumsSince

// encode is the content of recipe.json: every interface value as {"its.Type": its fields}, with the
// defaults filled in where the type knows them (a method WithDefaults), so that the file says all
// that was done even when a default changes later. Open reads it back.
func (r Recipe) encode() ([]byte, error) {
	tree, err := encodeValue(reflect.ValueOf(r))
	if err != nil {
		return nil, fmt.Errorf("encoding the recipe: %w", err)
	}
	tree.(map[string]any)["Format"] = recipeFormat
	encoded, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the recipe: %w", err)
	}
	return append(shortLists(encoded), '\n'), nil
}

// encodeValue is a value as encoding/json wants it. The struct tag recipe:"path" marks a string
// that says where the images are and not what they are: it is written and read, but not compared.
// recipe:"weights" marks the path of a file of weights, compared by its hash alone. A field with
// the tag json:"-" says how and not what: it is left out.
func encodeValue(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		fields, err := encodeValue(v.Elem())
		return map[string]any{v.Elem().Type().String(): fields}, err
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return encodeValue(v.Elem())
	case reflect.Struct:
		return encodeStruct(withDefaults(v))
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return nil, nil
		}
		items := make([]any, v.Len())
		for i := range items {
			var err error
			if items[i], err = encodeValue(v.Index(i)); err != nil {
				return nil, err
			}
		}
		return items, nil
	default:
		return v.Interface(), nil
	}
}

// withDefaults is the struct with what its type has as defaults. A type that embeds another
// inherits that one's WithDefaults, which knows nothing of the outer fields and does not count.
func withDefaults(v reflect.Value) reflect.Value {
	fill := v.MethodByName("WithDefaults")
	if !fill.IsValid() || fill.Type().NumIn() > 0 {
		return v
	}
	filled := fill.Call(nil)[0]
	if filled.Kind() == reflect.Interface {
		filled = filled.Elem()
	}
	if filled.Type() != v.Type() {
		return v
	}
	return filled
}

func encodeStruct(v reflect.Value) (any, error) {
	fields := map[string]any{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Tag.Get("json") == "-" {
			continue
		}
		var err error
		switch kind := field.Tag.Get("recipe"); kind {
		case "path", "weights":
			fields[field.Name], err = encodeFile(v.Field(i).String(), kind == "weights")
		default:
			fields[field.Name], err = encodeValue(v.Field(i))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	return fields, nil
}

// hashPrefix begins what stands for the path of a file of weights of which the hash alone is known.
const hashPrefix = "sha256:"

// encodeFile is a path, with the hash of the weights in the file where they are what counts, and
// where on the hub they are from.
func encodeFile(path string, weights bool) (any, error) {
	if path == "" {
		return nil, nil
	}
	if hash, ok := strings.CutPrefix(path, hashPrefix); ok {
		return map[string]any{"hash": hash}, nil
	}
	file := map[string]any{"path": path}
	if weights {
		hash, err := rundir.HashWeights(path)
		if err != nil {
			return nil, err
		}
		file["hash"] = hash
		origin, known, err := hub.OriginOf(path)
		if err != nil {
			return nil, err
		}
		if known {
			file["hub"] = origin
		}
	}
	return file, nil
}

var numbersOverLines = regexp.MustCompile(`\[\s+(-?[\d.eE+-]+,?\s+)+\]`)
var lineBreaks = regexp.MustCompile(`\s+`)

// shortLists puts a list of numbers, which may be thousands of labels, on one line.
func shortLists(indented []byte) []byte {
	return numbersOverLines.ReplaceAllFunc(indented, func(list []byte) []byte {
		inner := lineBreaks.ReplaceAll(list[1:len(list)-1], []byte(" "))
		return append(append([]byte{'['}, inner[1:len(inner)-1]...), ']')
	})
}
