package kit

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// decodeRecipe reads what encode wrote. own are values of types of the user's own that the recipe
// holds. Errors name the field by its path: a type that is not known, a field that its type does
// not have, a value that does not fit, a newer format.
func decodeRecipe(content []byte, own ...any) (Recipe, error) {
	tree, err := parseRecipe(content)
	if err != nil {
		return Recipe{}, err
	}
	delete(tree, "Format")
	reader := recipeReader{types: map[string]reflect.Type{}}
	for _, value := range append(slices.Clone(recipeTypes), own...) {
		reader.types[reflect.TypeOf(value).String()] = reflect.TypeOf(value)
	}
	var recipe Recipe
	return recipe, reader.read("", tree, reflect.ValueOf(&recipe).Elem())
}

// parseRecipe is the tree of recipe.json in the present format.
func parseRecipe(content []byte) (map[string]any, error) {
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber() // A seed does not fit in a float64.
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	if tree == nil {
		return nil, errors.New("it is null; it must be the fields of a recipe")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("something follows the recipe; the file must end behind it")
	}
	format := 1
	if written, ok := tree["Format"]; ok {
		if _, err := fmt.Sscan(fmt.Sprint(written), &format); err != nil {
			return nil, fmt.Errorf("Format is %v; it must be a number", written)
		}
	}
	switch {
	case format > recipeFormat:
		return nil, fmt.Errorf("Format is %d, of a newer version of sslkit; this one reads up to %d", format, recipeFormat)
	case format == 1:
		upgradeRecipe(tree)
	}
	return tree, nil
}

// upgradeRecipe turns a tree of format 1 into one of format 2.
func upgradeRecipe(tree map[string]any) {
	tree["Augment"] = tree["Views"]
	delete(tree, "Views")
	file := func(hash any) any {
		if hash == nil || hash == "" {
			return nil
		}
		return map[string]any{"hash": hash}
	}
	if start, ok := tree["Start"]; ok {
		tree["Start"] = file(start)
	}
	frozen, _ := tree["Frozen"].(map[string]any)
	delete(tree, "Frozen")
	upgradeMethod(tree["Method"], func(teacher map[string]any) {
		for _, name := range []string{"Weights", "Head"} {
			teacher[name] = file(frozen[name])
		}
	})
}

// upgradeMethod removes the augmentations from the methods in a tree, and fills in defaults and the
// files of a frozen teacher.
func upgradeMethod(tree any, fill func(teacher map[string]any)) {
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			upgradeMethod(item, fill)
		}
	case map[string]any:
		for _, name := range []string{"View", "Pair", "Crops", "Weak", "Strong"} {
			delete(tree, name)
		}
		// These defaults were not written.
		if location, ok := tree["ssl.RelativeLocation"].(map[string]any); ok && zero(location["Hidden"]) {
			location["Hidden"] = json.Number("512")
		}
		if _, term := tree["Final"]; term && zero(tree["Weight"]) {
			tree["Weight"] = json.Number("1")
		}
		if fraction, ok := tree["Frozen"]; ok { // Of ssl.DINO and ssl.SwAV, by its name then.
			tree["FreezeLast"] = fraction
			delete(tree, "Frozen")
		}
		if teacher, ok := tree["Teacher"].(map[string]any); ok {
			fill(teacher)
		}
		for _, item := range tree {
			upgradeMethod(item, fill)
		}
	}
}

// recipeReader turns the tree of a recipe into values.
type recipeReader struct{ types map[string]reflect.Type }

// read sets a value to what the tree says. path names it in errors.
func (r recipeReader) read(path string, tree any, to reflect.Value) error {
	if tree == nil { // Left out, or nil.
		to.SetZero()
		return nil
	}
	if text, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := text.UnmarshalText(fmt.Append(nil, tree)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	switch to.Kind() {
	case reflect.Interface:
		return r.readInterface(path, tree, to)
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return r.read(path, tree, to.Elem())
	case reflect.Struct:
		return r.readStruct(path, tree, to)
	case reflect.Slice, reflect.Array:
		return r.readList(path, tree, to)
	}
	encoded, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(encoded, to.Addr().Interface())
	}
	if err != nil {
		return fmt.Errorf("%s is %s; it must be of type %s", path, encoded, to.Type())
	}
	return nil
}

// readInterface reads {"its.Type": its fields}.
func (r recipeReader) readInterface(path string, tree any, to reflect.Value) error {
	named, ok := tree.(map[string]any)
	if !ok || len(named) != 1 {
		return fmt.Errorf("%s is %v; it must be one type with its fields", path, tree)
	}
	for name, fields := range named {
		known, ok := r.types[name]
		if !ok {
			return fmt.Errorf("%s: type %s is not known; if it is yours, hand a value of it over, kit.Open(dir, %[2]s{}); "+
				"else the run may be of another version of sslkit", path, name)
		}
		if !known.AssignableTo(to.Type()) {
			return fmt.Errorf("%s: %s is no %s", path, name, to.Type())
		}
		value := reflect.New(known).Elem()
		if known.Kind() == reflect.Pointer { // Written as what it points to.
			value.Set(reflect.New(known.Elem()))
		}
		if err := r.read(path, fields, value); err != nil {
			return err
		}
		to.Set(value)
	}
	return nil
}

func (r recipeReader) readStruct(path string, tree any, to reflect.Value) error {
	fields, ok := tree.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v; it must be the fields of a %s", path, tree, to.Type())
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		field, ok := to.Type().FieldByName(name)
		if !ok || !field.IsExported() {
			return fmt.Errorf("%s: %s has no field %s; the run may be of another version of sslkit", at, to.Type(), name)
		}
		value := fields[name]
		if file, ok := value.(map[string]any); ok && field.Tag.Get("recipe") != "" {
			if value = file["path"]; value == nil {
				value = hashPrefix + fmt.Sprint(file["hash"])
			}
		}
		if err := r.read(at, value, to.FieldByIndex(field.Index)); err != nil {
			return err
		}
	}
	return nil
}

func (r recipeReader) readList(path string, tree any, to reflect.Value) error {
	items, ok := tree.([]any)
	if !ok || (to.Kind() == reflect.Array && len(items) != to.Len()) {
		return fmt.Errorf("%s is %v; it must be a list for a %s", path, tree, to.Type())
	}
	if to.Kind() == reflect.Slice {
		to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	}
	for i, item := range items {
		if err := r.read(fmt.Sprintf("%s[%d]", path, i), item, to.Index(i)); err != nil {
			return err
		}
	}
	return nil
}
