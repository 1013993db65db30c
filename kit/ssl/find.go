package ssl

import (
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
)

// A Sum is none of the interfaces of its terms: these functions look into it, and at any other
// method as it is. A pointer to a method is that method.

// Each yields what is a T: the method itself, or those terms of a Sum, in their order. It looks
// into a Sum within a Sum, too.
func Each[T any](m Method) iter.Seq[T] {
	return func(yield func(T) bool) {
		walk(m, nil, func(m Method, _ *model.Scope) bool {
			found, ok := m.(T)
			return !ok || yield(found)
		})
	}
}

// Find is the first that Each yields, if there is one.
func Find[T any](m Method) (found T, ok bool) {
	found, _, ok = FindIn[T](m, nil)
	return found, ok
}

// FindIn is Find for those who build with what they find: where scope holds the variables of m, own
// holds those of the method that was found.
func FindIn[T any](m Method, scope *model.Scope) (found T, own *model.Scope, ok bool) {
	walk(m, scope, func(m Method, scope *model.Scope) bool {
		found, ok = m.(T)
		own = scope
		return !ok
	})
	return found, own, ok
}

// Main is the method whose embedding, limits of collapse and optimiser count: the first term of a
// Sum.
func Main(m Method) Method {
	m = asValue(m)
	if sum, ok := m.(Sum); ok && len(sum) > 0 {
		return Main(sum[0].Method)
	}
	return m
}

// ForCaptions is the method after ReadsCaptions.ForCaptions, of a Sum in its first term. A method
// that reads no captions is as it was.
func ForCaptions(m Method, captions []string) (Method, error) {
	m = asValue(m)
	if sum, ok := m.(Sum); ok && len(sum) > 0 {
		main, err := ForCaptions(sum[0].Method, captions)
		if err != nil {
			return nil, fmt.Errorf("ssl.Sum: term 0: %w", err)
		}
		sum = slices.Clone(sum)
		sum[0].Method = main
		return sum, nil
	}
	if reader, ok := m.(ReadsCaptions); ok {
		return reader.ForCaptions(captions)
	}
	return m, nil
}

// ForBatch is the method after FollowsBatches.ForBatch, of a Sum in each term. One that follows
// nothing is as it was.
func ForBatch(m Method, batch Batch) Method {
	m = asValue(m)
	if sum, ok := m.(Sum); ok {
		sum = slices.Clone(sum)
		for i := range sum {
			sum[i].Method = ForBatch(sum[i].Method, batch)
		}
		return sum
	}
	if follows, ok := m.(FollowsBatches); ok {
		return follows.ForBatch(batch)
	}
	return m
}

// walk calls visit with a method, or with each term of a Sum, and the scope of its variables, until
// visit returns false. It returns whether it came to the end.
func walk(m Method, scope *model.Scope, visit func(m Method, scope *model.Scope) bool) bool {
	m = asValue(m)
	sum, ok := m.(Sum)
	if !ok {
		return visit(m, scope)
	}
	for i, term := range sum {
		if !walk(term.Method, termScope(scope, i), visit) {
			return false
		}
	}
	return true
}

// asValue is the method that a pointer points to, or m where its methods are on the pointer.
func asValue(m Method) Method {
	for v := reflect.ValueOf(m); v.Kind() == reflect.Pointer && !v.IsNil(); v = v.Elem() {
		value, ok := v.Elem().Interface().(Method)
		if !ok {
			break
		}
		m = value
	}
	return m
}
