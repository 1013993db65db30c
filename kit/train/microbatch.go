package train

import (
	"cmp"
	"fmt"

	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// microBatches is the number of parts that a batch is encoded in.
func (p Plan) microBatches() int {
	if p.MicroBatch == 0 {
		return 1
	}
	return p.Order.Batch / p.MicroBatch
}

// checkMicroBatch returns an error where the parts of a batch do not fit the batch, the mesh or the
// encoder.
func (p Plan) checkMicroBatch() error {
	if p.MicroBatch == 0 {
		return nil
	}
	must := func(ok bool, allowed string) error {
		return setting.Must(ok, "kit.Recipe: MicroBatch", p.MicroBatch, allowed, "the whole batch")
	}
	devices, _ := p.Mesh.sizes()
	return cmp.Or(
		must(p.MicroBatch > 0 && p.Order.Batch%p.MicroBatch == 0, fmt.Sprintf("a divisor of Batch, which is %d", p.Order.Batch)),
		must(p.MicroBatch%devices == 0, fmt.Sprintf("a multiple of Mesh.Data, which is %d", devices)),
		must(p.MicroBatch > 1 || !p.normsOverBatch(),
			fmt.Sprintf("at least 2 with encoder %s, whose norms are over the images of a micro-batch", p.Encoder.Name())),
	)
}

// normsOverBatch tells whether the encoder has norms over the batch.
func (p Plan) normsOverBatch() bool {
	_, ok := p.Encoder.(encoder.Batchwise)
	return ok
}

// microBatchNote is what the user is to know of parts of a batch, if anything.
func (p Plan) microBatchNote() string {
	if p.MicroBatch == 0 || !p.normsOverBatch() {
		return ""
	}
	return fmt.Sprintf("the norms of encoder %s are over the %d images of a micro-batch, not over the %d of the batch",
		p.Encoder.Name(), p.MicroBatch, p.Order.Batch)
}
