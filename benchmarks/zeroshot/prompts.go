package main

import (
	"fmt"
	"slices"

	"sslkit/data"
)

// words are what a caption of Shapes says.
type words struct{ size, colour, texture, shape, place, group, ground string }

// captions are what they say in the four degrees of detail of the captions of Shapes.
func (w words) captions() []string {
	return []string{
		fmt.Sprintf("a %s %s %s %s at the %s on a %s %s background",
			w.size, w.colour, w.texture, w.shape, w.place, w.group, w.ground),
		fmt.Sprintf("a %s %s %s at the %s", w.size, w.colour, w.shape, w.place),
		fmt.Sprintf("a %s %s %s on a %s background", w.colour, w.texture, w.shape, w.group),
		fmt.Sprintf("a %s %s", w.colour, w.shape),
	}
}

var (
	shapeSizes  = []string{"small", "medium", "large"}
	shapePlaces = []string{
		"top left", "top centre", "top right", "middle left", "centre", "middle right",
		"bottom left", "bottom centre", "bottom right",
	}
)

// frames are captions in which everything varies, as many of each colour and of each place.
func frames() []words {
	shapes, colours, textures, groups := data.ShapeClasses(), data.ShapeColours(), data.ShapeTextures(), data.ShapeGroups()
	all := make([]words, len(colours)*len(shapePlaces))
	for i := range all {
		all[i] = words{
			size: shapeSizes[(i/8+i)%3], colour: colours[i%8], texture: textures[i/2%6], shape: shapes[i%10],
			place: shapePlaces[i%9], group: groups[i/3%2], ground: textures[i/5%6],
		}
	}
	return all
}

// prompts are the captions of the frames with what a class says put in, for each class, as far as
// they say it, each once.
func prompts(classes []string, say func(w *words, class int)) [][]string {
	texts := make([][]string, len(classes))
	for c, class := range classes {
		for _, frame := range frames() {
			say(&frame, c)
			for _, caption := range frame.captions() {
				if data.Named(caption, [][]string{data.Words(class)}) == 0 && !slices.Contains(texts[c], caption) {
					texts[c] = append(texts[c], caption)
				}
			}
		}
	}
	return texts
}

// task is a classification by texts.
type task struct {
	name    string
	classes []string
	prompts [][]string
	// label is the class of an image with that caption, -1 where the task is not about it.
	label func(caption string) int
}

// combinations are all pairs of a colour and a shape, the held-out ones first: a fourth of all, two
// of each shape and two or three of each colour.
func combinations() (all [][]string, heldOut int) {
	shapes, colours := data.ShapeClasses(), data.ShapeColours()
	for _, out := range []bool{true, false} {
		for s, shape := range shapes {
			for c, colour := range colours {
				if apart := (c - s + 2*len(colours)) % len(colours); (apart == 0 || apart == 3) == out {
					all = append(all, []string{colour, shape})
				}
			}
		}
		if out {
			heldOut = len(all)
		}
	}
	return all, heldOut
}

// aboutCombinations asks for colour and shape at once, of images of the combinations from first to
// last-1, among those up to the number among.
func aboutCombinations(name string, first, last, among int) task {
	all, _ := combinations()
	classes := make([]string, among)
	for c := range classes {
		classes[c] = all[c][0] + " " + all[c][1]
	}
	return task{
		name: name, classes: classes,
		prompts: prompts(classes, func(w *words, c int) { w.colour, w.shape = all[c][0], all[c][1] }),
		label: func(caption string) int {
			if c := data.Named(caption, all); c >= first && c < last {
				return c
			}
			return -1
		},
	}
}

// aboutAttribute asks for one thing that captions say, of images of the combinations from first to
// last-1. say puts a class in.
func aboutAttribute(name string, first, last int, classes []string, say func(w *words, class string)) task {
	all, _ := combinations()
	return task{
		name: name, classes: classes,
		prompts: prompts(classes, func(w *words, c int) { say(w, classes[c]) }),
		label: func(caption string) int {
			if c := data.Named(caption, all); c < first || c >= last {
				return -1
			}
			for c, class := range classes {
				if data.Named(caption, [][]string{data.Words(class)}) == 0 {
					return c
				}
			}
			return -1
		},
	}
}

// seenAmongAll is the number of the task that chooses: it asks for no combination that is held out.
const seenAmongAll = 2

// tasks are what a run is asked, the figure first.
func tasks() []task {
	all, heldOut := combinations()
	n := len(all)
	shape := func(w *words, class string) { w.shape = class }
	colour := func(w *words, class string) { w.colour = class }
	return []task{
		aboutCombinations("held-out combinations among themselves", 0, heldOut, heldOut),
		aboutCombinations("held-out combinations among all", 0, heldOut, n),
		aboutCombinations("seen combinations among all", heldOut, n, n),
		aboutAttribute("shape, held-out combinations", 0, heldOut, data.ShapeClasses(), shape),
		aboutAttribute("colour, held-out combinations", 0, heldOut, data.ShapeColours(), colour),
		aboutAttribute("shape, seen combinations", heldOut, n, data.ShapeClasses(), shape),
		aboutAttribute("colour, seen combinations", heldOut, n, data.ShapeColours(), colour),
		aboutAttribute("size, seen combinations", heldOut, n, shapeSizes, func(w *words, class string) { w.size = class }),
		aboutAttribute("background, seen combinations", heldOut, n, data.ShapeGroups(),
			func(w *words, class string) { w.group = class }),
	}
}
