package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Patch is the JSON merge patch (RFC 7396) that turns one object into another: what differs. It is
// an error where a value becomes null, which such a patch can't say.
func Patch(from, to []byte) (json.RawMessage, error) {
	a, err := parse(from)
	if err != nil {
		return nil, err
	}
	b, err := parse(to)
	if err != nil {
		return nil, err
	}
	patch := difference(a, b)
	if made := merged(a, patch); !reflect.DeepEqual(made, b) {
		return nil, fmt.Errorf("a merge patch can't turn %s into %s", from, to)
	}
	return json.Marshal(patch)
}

// Patched is an object with a merge patch applied.
func Patched(object, patch []byte) (json.RawMessage, error) {
	a, err := parse(object)
	if err != nil {
		return nil, err
	}
	b, err := parse(patch)
	if err != nil {
		return nil, err
	}
	return json.Marshal(merged(a, b))
}

// parse is a JSON object, with numbers as they are written.
func parse(object []byte) (tree map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber() // A seed does not fit in a float64.
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("reading a JSON object: %w", err)
	}
	return tree, nil
}

func difference(a, b map[string]any) map[string]any {
	patch := map[string]any{}
	for key := range a {
		if _, there := b[key]; !there {
			patch[key] = nil
		}
	}
	for key, to := range b {
		from, there := a[key]
		if there && reflect.DeepEqual(from, to) {
			continue
		}
		fromObject, ok := from.(map[string]any)
		toObject, both := to.(map[string]any)
		if ok && both {
			to = difference(fromObject, toObject)
		}
		patch[key] = to
	}
	return patch
}

func merged(a, patch map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range a {
		out[key] = value
	}
	for key, value := range patch {
		object, ok := value.(map[string]any)
		switch {
		case value == nil:
			delete(out, key)
		case ok:
			before, _ := out[key].(map[string]any)
			out[key] = merged(before, object)
		default:
			out[key] = value
		}
	}
	return out
}
