package report

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// WattsPerCore is the power of a busy processor core that is assumed where Power.Watts is not
// given: what the Green Algorithms calculator takes for a processor that it does not know
// (Lannelongue et al. 2021, "Green Algorithms: Quantifying the Carbon Footprint of Computation",
// arXiv:2007.07610).
const WattsPerCore = 12

// Cost is what a training took. The time that the report itself took to measure is not in it.
type Cost struct {
	Seconds    float64 `json:"seconds"`     // Seconds of training, over all processes, compilation included.
	Steps      int     `json:"steps"`       // Steps that were done.
	Planned    int     `json:"planned"`     // Planned is how many steps the recipe has.
	Batch      int     `json:"batch"`       // Batch is the number of images a step.
	ImagesSeen int64   `json:"images_seen"` // ImagesSeen is Steps times Batch; each was seen in all views of the method.
	Epochs     float64 `json:"epochs"`      // Epochs is how often each image was seen.

	Parameters   int64 `json:"parameters"`    // Parameters of the encoder that are trained.
	ForwardFLOPs int64 `json:"forward_flops"` // ForwardFLOPs of the encoder on one whole image: two for each multiply-add.
	// StepFLOPs of one training step, counted in its graph: all matrix products and convolutions of
	// encoder, heads, teacher and gradient. 0 where FLOPsUnknown says why.
	StepFLOPs     float64 `json:"step_flops"`
	TrainingFLOPs float64 `json:"training_flops"`          // TrainingFLOPs is StepFLOPs times Steps.
	FLOPsUnknown  string  `json:"flops_unknown,omitempty"` // FLOPsUnknown says why they could not be counted.

	Energy        *Energy `json:"energy,omitempty"`         // Energy is an estimate; nil where EnergyUnknown says why.
	EnergyUnknown string  `json:"energy_unknown,omitempty"` // EnergyUnknown says why there is no estimate.
}

// Energy is an estimate of what a training used: seconds × watts / 3.6e6.
type Energy struct {
	KWh        float64 `json:"kwh"`        // KWh is kilowatt-hours.
	Watts      float64 `json:"watts"`      // Watts that were assumed all along.
	Assumption string  `json:"assumption"` // Assumption says where Watts comes from, and what it leaves out.
	// GridCarbon of the electricity in grams of CO₂ equivalent a kWh; 0: not known.
	GridCarbon float64 `json:"grid_carbon,omitempty"`
	GramsCO2   float64 `json:"grams_co2,omitempty"` // GramsCO2 is KWh times GridCarbon; 0 where that is not known.
}

// Power says what the energy of a training is estimated by.
//
// E. Strubell et al. 2019, "Energy and policy considerations for deep learning in NLP"
// (arXiv:1906.02243); A. Lacoste et al. 2019, "Quantifying the carbon emissions of machine
// learning" (arXiv:1910.09700).
type Power struct {
	// Watts is the mean power of the machine while it trained, above 0, as a meter or a vendor's
	// tool told it. Default: [WattsPerCore] for each core of the machine. Where there is an
	// accelerator there is no default, and no estimate.
	Watts float64
	// GridCarbon is the carbon intensity of the electricity in grams of CO₂ equivalent a kWh, above
	// 0. Default: none, since it depends on place and time by a factor of fifty and more; no carbon
	// is told then.
	GridCarbon float64
}

// Check returns an error that names the field that is out of range.
func (p Power) Check() error {
	known := func(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
	return cmp.Or(
		setting.Must(known(p.Watts), "report.Power: Watts", p.Watts, "above 0 and finite", fmt.Sprintf("%d for each core", WattsPerCore)),
		setting.Must(known(p.GridCarbon), "report.Power: GridCarbon", p.GridCarbon, "above 0 and finite, in grams of CO2 per kWh",
			"not known"))
}

// Estimate is the energy of that many seconds on a machine, or why there is no estimate.
// accelerator is its model, or "none". Errors are those of Check.
func (p Power) Estimate(seconds float64, cores int, accelerator string) (energy *Energy, unknown string, err error) {
	if err := p.Check(); err != nil {
		return nil, "", err
	}
	e := Energy{Watts: p.Watts, Assumption: "the given power, drawn all the time", GridCarbon: p.GridCarbon}
	switch {
	case p.Watts > 0:
	case accelerator != "" && accelerator != "none":
		return nil, fmt.Sprintf("the machine has an accelerator (%s), whose power is not known; give Power.Watts", accelerator), nil
	case cores < 1:
		return nil, "the number of cores is not known; give Power.Watts", nil
	default:
		e.Watts = WattsPerCore * float64(cores)
		e.Assumption = fmt.Sprintf("%s, busy all the time at %d W each (the value of the Green Algorithms calculator for "+
			"an unknown processor, Lannelongue et al. 2021). Memory, cooling and the rest of the machine are not counted",
			plural(cores, "core", "cores"), WattsPerCore)
	}
	e.KWh = seconds * e.Watts / 3.6e6
	e.GramsCO2 = e.KWh * e.GridCarbon
	return &e, "", nil
}
