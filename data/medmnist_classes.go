package data

// medMNISTClasses are the class names of the two-dimensional sets with one
// label an image, by label, as medmnist/info.py of the collection's own library
// has them.
var medMNISTClasses = map[string][]string{
	"pathmnist": {
		"adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
		"cancer-associated stroma", "colorectal adenocarcinoma epithelium",
	},
	"dermamnist": {
		"actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
		"dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
	},
	"octmnist":       {"choroidal neovascularization", "diabetic macular edema", "drusen", "normal"},
	"pneumoniamnist": {"normal", "pneumonia"},
	"retinamnist":    {"0", "1", "2", "3", "4"},
	"breastmnist":    {"malignant", "normal, benign"},
	"bloodmnist": {
		"basophil", "eosinophil", "erythroblast", "immature granulocytes (myelocytes, metamyelocytes and promyelocytes)",
		"lymphocyte", "monocyte", "neutrophil", "platelet",
	},
	"tissuemnist": {
		"collecting duct, connecting tubule", "distal convoluted tubule", "glomerular endothelial cells",
		"interstitial endothelial cells", "leukocytes", "podocytes", "proximal tubule segments", "thick ascending limb",
	},
	"organamnist": medMNISTOrgans,
	"organcmnist": medMNISTOrgans,
	"organsmnist": medMNISTOrgans,
}

var medMNISTOrgans = []string{
	"bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left", "lung-right",
	"pancreas", "spleen",
}
