package kit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"sslkit/kit/augment"
	"sslkit/kit/ssl"
)

// describe turns a recipe into what recipe.json holds: every interface value becomes {"its.Type": its fields}, with the
// defaults filled in where the type knows them (a method WithDefaults), so that the file says all that was done even when a
// default changes later. A field with the tag json:"-" does not say what is done but where: it is left out, and so is one with
// the tag json:",omitempty" at zero, which says nothing.
func describe(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return map[string]any{v.Elem().Type().String(): describe(v.Elem())}
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return describe(v.Elem())
	case reflect.Struct:
		if fill := v.MethodByName("WithDefaults"); fill.IsValid() && fill.Type().NumIn() == 0 {
			v = fill.Call(nil)[0]
			if v.Kind() == reflect.Interface {
				v = v.Elem()
			}
		}
		fields := map[string]any{}
		for i := range v.NumField() {
			field := v.Type().Field(i)
			tag := field.Tag.Get("json")
			if !field.IsExported() || tag == "-" || (tag == ",omitempty" && v.Field(i).IsZero()) {
				continue
			}
			fields[field.Name] = describe(v.Field(i))
		}
		return fields
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return nil
		}
		items := make([]any, v.Len())
		for i := range items {
			items[i] = describe(v.Index(i))
		}
		return items
	default:
		return v.Interface()
	}
}

// json is the content of recipe.json: the recipe, the hash of the weights that it starts from where they are not random, those
// of the weights of a network that its method learns from, and the views that the method makes of these images.
func (r Recipe) json(views []augment.Pipeline) ([]byte, error) {
	content := describe(reflect.ValueOf(r)).(map[string]any)
	if r.Start != "" {
		_, hash, err := readWeights(r.Start)
		if err != nil {
			return nil, err
		}
		content["Start"] = hash
	}
	if frozen, ok := ssl.FrozenOf(r.Method); ok {
		hashes, err := frozenHashes(frozen)
		if err != nil {
			return nil, err
		}
		content["Frozen"] = hashes
	}
	content["Views"] = describe(reflect.ValueOf(views))
	encoded, err := json.MarshalIndent(content, "", "  ")
	return append(encoded, '\n'), err
}

// matchRecipe writes the recipe to a new run directory. In one that has a recipe, it returns an error that shows the lines
// in which the two differ.
func matchRecipe(dir string, recipe Recipe, views []augment.Pipeline) error {
	path := filepath.Join(dir, recipeFile)
	encoded, err := recipe.json(views)
	if err != nil {
		return fmt.Errorf("encoding the recipe: %w", err)
	}
	there, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return writeWhole(path, encoded)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if string(there) == string(encoded) {
		return nil
	}
	return fmt.Errorf("%s holds a run of another recipe; choose another directory, or remove this one. The difference (- there, + here):\n%s",
		dir, difference(strings.Split(string(there), "\n"), strings.Split(string(encoded), "\n")))
}

// difference lists the lines that only a has (-) and that only b has (+), in order, by their longest common subsequence.
func difference(a, b []string) string {
	// What they begin and end with together is left out first: a vocabulary may be thousands of lines, and their product too many.
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	common := make([][]int, len(a)+1) // common[i][j] is the length for a[i:] and b[j:].
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || (i < len(a) && common[i+1][j] >= common[i][j+1]):
			fmt.Fprintf(&out, "- %s\n", strings.TrimSpace(a[i]))
			i++
		default:
			fmt.Fprintf(&out, "+ %s\n", strings.TrimSpace(b[j]))
			j++
		}
	}
	return out.String()
}
