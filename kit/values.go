package kit

import (
	"fmt"
	"reflect"
)

// asValues is the recipe with what its pointers point to in their place, wherever an interface holds
// one: &ssl.SimCLR{} is the same recipe as ssl.SimCLR{}. A pointer whose type has its methods on the
// pointer stays. A pointer to nothing is an error that names the field.
func (r Recipe) asValues() (Recipe, error) {
	v := reflect.ValueOf(&r).Elem()
	return r, valuesIn("kit.Recipe: ", v)
}

// valuesIn replaces the pointers in v, which can be set, and in nothing that v shares with others.
func valuesIn(path string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Interface:
		return valueOf(path, v)
	case reflect.Struct:
		if path[len(path)-1] != ' ' {
			path += "."
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				if err := valuesIn(path+field.Name, v.Field(i)); err != nil {
					return err
				}
			}
		}
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Interface, reflect.Struct, reflect.Slice, reflect.Array:
		default: // Such as thousands of labels.
			return nil
		}
		if v.Kind() == reflect.Slice && !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			v.Set(own)
		}
		for i := range v.Len() {
			if err := valuesIn(fmt.Sprintf("%s[%d]", path, i), v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// valueOf replaces what the interface v holds.
func valueOf(path string, v reflect.Value) error {
	held := v.Elem()
	for held.Kind() == reflect.Pointer {
		if held.IsNil() {
			return fmt.Errorf("%s is a nil %s; it must be a value, or point to one", path, held.Type())
		}
		if !held.Type().Elem().AssignableTo(v.Type()) {
			return nil
		}
		held = held.Elem()
	}
	if !held.IsValid() { // An interface that holds nothing: each field says itself whether it may.
		return nil
	}
	own := reflect.New(held.Type()).Elem()
	own.Set(held)
	if err := valuesIn(path, own); err != nil {
		return err
	}
	v.Set(own)
	return nil
}
