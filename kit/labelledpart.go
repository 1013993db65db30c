package kit

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/ssl"
)

// order is the order in which the recipe reads a set. It is an error where the method needs labelled images and there are none,
// or as many in a batch as there can't be.
func (r Recipe) order(set data.Set) (data.Order, error) {
	order := data.Order{Len: set.Len(), Batch: r.Batch, Seed: r.Seed, LabelledPart: r.labelledPart()}
	methods := semiSupervised(r.Method)
	if len(methods) == 0 {
		return order, nil
	}
	if order.LabelledPart < 1 || order.LabelledPart >= r.Batch {
		return order, fmt.Errorf("kit.Recipe: Method %s wants %d labelled images in a batch of %d; it must be from 1 to %d",
			r.Method.Name(), order.LabelledPart, r.Batch, r.Batch-1)
	}
	for _, method := range methods[1:] {
		if part := method.LabelledOf(r.Batch); part != order.LabelledPart {
			return order, fmt.Errorf("kit.Recipe: terms of Method %s want %d and %d labelled images in a batch; it must be one number",
				r.Method.Name(), order.LabelledPart, part)
		}
	}
	for i := range set.Len() {
		if set.Label(i) >= 0 {
			order.Labelled = append(order.Labelled, i)
		}
	}
	if len(order.Labelled) == 0 {
		return order, fmt.Errorf("kit.Recipe: Method %s needs labelled images, and none of %s has a label",
			r.Method.Name(), set.Name())
	}
	return order, nil
}

// labelledPart is the number of images at the beginning of a batch that must have labels; 0 where the method needs none there.
func (r Recipe) labelledPart() int {
	if methods := semiSupervised(r.Method); len(methods) > 0 {
		return methods[0].LabelledOf(r.Batch)
	}
	return 0
}

// semiSupervised are the method, or those terms of a Sum, that need labelled images at the beginning of a batch.
func semiSupervised(m ssl.Method) []ssl.SemiSupervised {
	if sum, ok := m.(ssl.Sum); ok {
		var methods []ssl.SemiSupervised
		for _, term := range sum {
			methods = append(methods, semiSupervised(term.Method)...)
		}
		return methods
	}
	if method, ok := m.(ssl.SemiSupervised); ok {
		return []ssl.SemiSupervised{method}
	}
	return nil
}
