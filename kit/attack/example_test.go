package attack_test

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/attack"
	"sslkit/kit/device"
)

// A classifier of light and dark images, attacked on one that is a little lighter than the limit:
// the mean of its pixels is 134 of 255, so from 7 levels on each the other answer can be had.
func ExampleSweep() {
	backend, err := device.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := attack.Compile(backend, model.NewStore(), 1, 2, 2, func(_ *model.Scope, images *Node) *Node {
		light := AddScalar(ReduceMean(images, 1, 2, 3), -127.5/255) // [batch]
		return Stack([]*Node{Neg(light), light}, 1)                 // [batch, 2]: dark, light
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	pix := []uint8{134, 134, 134, 134, 134, 134, 134, 134, 134, 134, 134, 134}
	curve, err := attack.Sweep{Attack: attack.FGSM{}, Eps: []float64{0, 6. / 255, 7. / 255}}.Run(m, pix, []int{1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, point := range curve.Points {
		fmt.Printf("eps %.0f/255: recognised %v\n", 255*point.Eps, point.Standing[0])
	}
	// Output:
	// eps 0/255: recognised true
	// eps 6/255: recognised true
	// eps 7/255: recognised false
}
