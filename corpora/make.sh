#!/usr/bin/env bash
# Label the corpus of a gate that ships, one folder a set. Stop it at any time: the same command goes on.
#
#   corpora/make.sh ocr-tesseract DATA OUT [options of imagegate label]
#   corpora/make.sh ocr-rapidocr DATA OUT --limit-sources 5     # a sample
#   IMAGEGATE_REMBG_MODEL=isnet.onnx corpora/make.sh background-removal DATA OUT
#   imagegate train OUT/* --out ocr-tesseract.gate
#
# What only teaches reasons: causes, which no engine sees, and counterfactuals, which the engine of a gate sees.
#
#   corpora/make.sh causes-text DATA OUT
#   corpora/make.sh causes-pictures DATA OUT
#   corpora/make.sh counterfactuals-ocr-tesseract DATA OUT       # likewise -ocr-rapidocr, -background-removal
#
# Edits that were made, for the gate of edits:
#
#   corpora/make.sh edits DATA OUT
#
# DATA holds kodak, subjects, receipts, old-books, people, clothing, grocery, forms, office-scans, typed-other, receipt-photos and
# scene-text. The sets with "+fonts" take the fonts that are
# installed; those of this corpus were, on Debian 12: fonts-croscore fonts-crosextra-caladea fonts-crosextra-carlito
# fonts-dejavu-core fonts-dejavu-extra fonts-ebgaramond fonts-freefont-ttf fonts-inconsolata fonts-lato
# fonts-liberation fonts-linuxlibertine fonts-noto-core fonts-open-sans fonts-roboto-unhinted
# Sets of scripts, handwriting and office pages, and all made together with them, had these as well: fonts-breip
# fonts-cantarell fonts-cmu fonts-comic-neue fonts-courier-prime fonts-dancingscript fonts-dkg-handwriting
# fonts-ecolier-court fonts-femkeklaver fonts-firacode fonts-gfs-didot fonts-hack fonts-hosny-amiri fonts-humor-sans
# fonts-isabella fonts-junicode fonts-jura fonts-kristi fonts-lobster fonts-lobstertwo fonts-mononoki fonts-noto-cjk
# fonts-oxygen fonts-play fonts-rufscript fonts-sil-ezra fonts-sil-sophia-nubian fonts-texgyre fonts-texgyre-math
# fonts-thai-tlwg fonts-tomsontalks fonts-yanone-kaffeesatz
set -euo pipefail
gate=${1:?which: ocr-tesseract, ocr-rapidocr, background-removal, causes-text, causes-pictures or counterfactuals-GATE}
data=${2:?the folder with the images} out=${3:?the folder for the corpus}
options=() extra=("${@:4}")

# What the gate's card says of the images: nobody else knows.
licences=(
    --licence "receipts=ICDAR 2019 SROIE (repo MIT; upstream competition terms not stated)"
    --licence "old-books=old-books-dataset (repo GPL-3; public-domain books)"
    --licence "people=clothing-co-parsing (repo Apache-2.0; photo rights not stated)"
    --licence "clothing=clothing-dataset-small (CC0)"
    --licence "grocery=GroceryStoreDataset (MIT)"
    --licence "forms=FUNSD (research only, non-commercial)"
    --licence "office-scans=UNLV/ISRI (upstream Apache-2.0)"
    --licence "typed-other=EHRI (CC-BY 4.0)"
    --licence "receipt-photos=WildReceipt (repo MIT; images from the web, research only)"
    --licence "scene-text=ICDAR 2015 (upstream CC-BY 4.0)"
)

label() { # SET SOURCES… OPTIONS…
    local set=$1
    shift
    imagegate label "${options[@]}" "${licences[@]}" "$@" --out "$out/$set" "${extra[@]}"
}

case $gate in
ocr-tesseract)
    options=(--engine tesseract --timeout 12 --recipe mixed)
    label receipts "$data/receipts" --variants 5
    label old-books "$data/old-books" --variants 2 --timeout 20 --group-by '^([a-z])'
    label captures captures+fonts:320 --variants 4
    label prints prints+fonts:280 --variants 4
    label pages pages+fonts:400 pages:1000-1099 --variants 6
    label captures-as-taken captures+fonts:320-999 --recipe natural
    label prints-as-taken prints+fonts:280-879 --recipe natural
    label photos photos+fonts:2000-2119 --variants 3 --timeout 20
    # What befalls pages: turned, skewed, covered, spoilt in a part.
    options=(--engine tesseract --timeout 40 --recipe reading)
    label forms "$data/forms" --variants 3
    label receipts-reading "$data/receipts" --variants 3 --seed 1
    label old-books-reading "$data/old-books" --variants 2 --seed 1 --group-by '^([a-z])'
    label typed-other "$data/typed-other" --variants 4
    label scene-text "$data/scene-text" --recipe natural
    label office-scans "$data/office-scans" --variants 2
    label receipt-photos "$data/receipt-photos" --variants 2 --truth unspaced
    label pages-reading pages+fonts:7000-7139 --variants 5
    label pages-reading-more pages+fonts:7200-7299 --variants 4
    label captures-reading captures+fonts:1000-1139 --variants 5
    label prints-reading prints+fonts:900-979 --variants 4
    label office office+fonts:0-159 --variants 3
    label office-captures office+fonts+captures:200-299 --variants 2
    label scripts scripts+fonts:0-159 --variants 1
    label handwriting handwriting+fonts:0-99 --variants 1
    ;;
ocr-rapidocr)
    options=(--engine rapidocr --timeout 60 --recipe mixed)
    label receipts "$data/receipts" --recipe natural --timeout 40 --limit-sources 120
    label captures captures+fonts:60 --variants 4
    label prints prints+fonts:60 --variants 4
    label pages pages+fonts:45 --variants 4
    options=(--engine rapidocr --timeout 60 --recipe reading)
    label captures-reading captures+fonts:7000-7119 --variants 4
    label captures-reading-more captures+fonts:7200-7279 --variants 4
    label office office+fonts:400-479 --variants 3
    label office-more office+fonts:500-599 --variants 4
    label prints-reading prints+fonts:7000-7059 --variants 3
    label scripts scripts+fonts:400-459 --variants 1
    label handwriting handwriting+fonts:400-449 --variants 1
    label receipts-reading "$data/receipts" --seed 1 --variants 1 --limit-sources 150
    label forms "$data/forms" --variants 2 --limit-sources 100
    label pages-reading pages+fonts:7000-7059 --variants 3
    ;;
background-removal)
    options=(--task background-removal --engine rembg --timeout 60)
    label people "$data/people" --variants 3
    label things "$data/clothing" "$data/grocery" --variants 3 --limit-sources 40
    ;;
edits)
    make() {
        imagegate degrade "$data/$1" --edits 4 --seed 16 --limit-sources 80 --measures-only --licence "$1=$2" --out "$out/$1"
    }
    make people "clothing-co-parsing (repo Apache-2.0; photo rights not stated)"
    make clothing "clothing-dataset-small (CC0)"
    make grocery "GroceryStoreDataset (MIT)"
    make kodak "Kodak Lossless True Color Image Suite (released for unrestricted use)"
    make scene-text "ICDAR 2015 (upstream CC-BY 4.0)"
    make subjects "ECSSD (research use)"
    ;;
causes-text)
    options=(--task ocr --recipe causes --variants 12)
    label pages pages+fonts:6000-6119 pages:6500-6529
    label captures captures+fonts:6200-6299
    label prints prints+fonts:6300-6379
    label office-scans "$data/office-scans" --limit-sources 40
    label old-books "$data/old-books" --limit-sources 30 --group-by '^([a-z])'
    label photos photos+fonts:6400-6411
    ;;
causes-pictures)
    options=(--task background-removal --recipe causes --variants 12)
    label people "$data/people" --limit-sources 120
    label things "$data/clothing" "$data/grocery" --limit-sources 100
    ;;
counterfactuals-ocr-tesseract)
    options=(--engine tesseract --timeout 12 --recipe counterfactuals --variants 8)
    label receipts "$data/receipts" --limit-sources 40
    label captures captures+fonts:5000-5044
    label prints prints+fonts:5100-5129
    label pages pages+fonts:5200-5244
    ;;
counterfactuals-ocr-rapidocr)
    options=(--engine rapidocr --timeout 60 --recipe counterfactuals --variants 8 --strength 1.3)
    label pages pages+fonts:5200-5207
    label captures captures+fonts:5000-5007
    label prints prints+fonts:5100-5105
    ;;
counterfactuals-background-removal)
    options=(--task background-removal --engine rembg --timeout 60 --recipe counterfactuals --variants 8)
    label people "$data/people" --limit-sources 20
    ;;
*)
    echo "expected a gate that ships, causes-text, causes-pictures or counterfactuals-GATE, got $gate" >&2
    exit 2
    ;;
esac
