package train

import (
	"cmp"
	"fmt"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// Mesh spreads a training over the devices of this process, Data × Model of them. It computes what
// one device computes, but for rounding: norms, contrasts, queues, centres and random numbers are
// those of the whole batch. The zero value is one device.
type Mesh struct {
	// Data is the number of groups of devices that share out the images of a batch, at least 1. It
	// divides Batch. Each group holds all weights and the whole state of the optimiser. Default 1.
	Data int
	// Model is the number of devices in a group, at least 1, that share out the heads of the
	// encoder's attention and the hidden units of its perceptrons, with their weights and the
	// optimiser's state of these (Shoeybi et al. 2019, arXiv:1909.08053). The encoder must be an
	// encoder.Divisible, such as encoder.ViT, whose heads and hidden units it divides. Default 1.
	Model int
}

// WithDefaults is the same mesh in one way to write it: without axes of one device.
func (m Mesh) WithDefaults() Mesh {
	for _, n := range []*int{&m.Data, &m.Model} {
		if *n == 1 {
			*n = 0
		}
	}
	return m
}

// sizes are the numbers of devices along the two axes.
func (m Mesh) sizes() (data, model int) { return cmp.Or(m.Data, 1), cmp.Or(m.Model, 1) }

// devices is the number of devices.
func (m Mesh) devices() int {
	data, model := m.sizes()
	return data * model
}

// String is such as "2 × 1 devices".
func (m Mesh) String() string {
	data, model := m.sizes()
	return fmt.Sprintf("%d × %d devices", data, model)
}

// Check returns an error where a field is out of range.
func (m Mesh) Check() error {
	return cmp.Or(
		setting.AtLeast(0, "kit.Recipe: Mesh.Data", m.Data, 1),
		setting.AtLeast(0, "kit.Recipe: Mesh.Model", m.Model, 1))
}

// checkMesh returns an error where the mesh does not fit the batch or the encoder.
func (p Plan) checkMesh() error {
	data, devices := p.Mesh.sizes()
	if err := cmp.Or(p.Mesh.Check(), setting.Must(p.Order.Batch%data == 0, "kit.Recipe: Mesh.Data", data,
		fmt.Sprintf("a divisor of Batch, which is %d", p.Order.Batch))); err != nil || devices == 1 {
		return err
	}
	divisible, ok := p.Encoder.(encoder.Divisible)
	if !ok {
		return setting.Must(false, "kit.Recipe: Mesh.Model", devices, fmt.Sprintf("1 with encoder %s, which has no heads to share out", p.Encoder.Name()))
	}
	heads, hidden := divisible.Divides()
	return setting.Must(heads%devices == 0 && hidden%devices == 0, "kit.Recipe: Mesh.Model", devices,
		fmt.Sprintf("a divisor of the %d heads and the %d hidden units of encoder %s", heads, hidden, p.Encoder.Name()))
}

// CheckDevices returns an error where the mesh wants more devices than there are. Nothing is
// compiled.
func (p Plan) CheckDevices() error {
	data, devices := p.Mesh.sizes()
	if data*devices == 1 {
		return nil
	}
	backend, err := device.Open()
	if err != nil {
		return err
	}
	have := int(backend.NumDevices())
	if data*devices <= have {
		return nil
	}
	field, n := "Mesh.Data", data
	if devices > have {
		field, n = "Mesh.Model", devices
	}
	return fmt.Errorf("kit.Recipe: %s is %d; %s are more than there are on %s. A CPU is shown as n devices by "+
		"XLA_FLAGS=--xla_force_host_platform_device_count=n", field, n, p.Mesh, device.Describe())
}
