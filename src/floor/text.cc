#include "floor/text.h"

#include "base/sha256.h"

namespace crossval {
namespace {

// One long one, for positions far from the beginning, and some short ones that differ in kind.
constexpr std::string_view kTexts[] = {
    R"(The ferry left at six, before the fog had lifted, and for the first hour nobody on deck could see
the water they were crossing. Marta sat on a coil of rope beside the wheelhouse with the instrument case
between her knees. She had carried it from the workshop herself, because the last time it travelled with
the luggage a lens had come loose and three weeks of measurements were worth nothing. The captain, who had
known her father, brought her a cup of tea and asked what was so precious that it could not go below.

"A clock," she said. "Two clocks, to be exact. One of them stays on the island, and the other one comes
back with me. If the theory is right they will not agree when I open the case again."

He thought about this for a while. "And if they do agree?"

"Then one of us has made a mistake," said Marta, "and I shall have to find out which: the clock, the
theory, or the woman who wrote down the numbers. In my experience it is usually the woman." The fog thinned
as she spoke, and the lighthouse stood out of it all at once, white and much closer than either of them had
expected, with a row of cormorants along the wall and the keeper waving from the steps.)",
    R"(def median(values):
    """The middle value; of two middle ones their mean."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    half = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2


print(median([3, 1, 4, 1, 5, 9, 2, 6]))
)",
    R"(Month      Rain (mm)   Days   Mean (°C)
January         61.4     17         2.3
February        48.9     14         3.1
March           55.0     15         6.8
April           39.7     12        10.2
Total          205.0     58
)",
    "User: How do I get a wine stain out of a white tablecloth?\n"
    "Assistant: Act quickly. Blot it with a dry cloth, do not rub. Cover the stain with salt and "
    "wait for "
    "ten minutes; then rinse it with cold water and wash the cloth as usual.\n"
    "User: It is already dry. What now?\nAssistant:",
    "Die Werkstatt liegt im zweiten Hinterhof, gleich neben der alten Druckerei. Wer sie zum "
    "ersten Mal "
    "sucht, läuft meistens daran vorbei. Le samedi, on y répare des vélos pour tout le quartier, "
    "et "
    "personne ne demande d'argent.",
    "1. Preheat the oven to 180 degrees.\n2. Mix 250 g of flour with a pinch of salt and 125 g of "
    "cold "
    "butter.\n3. Add one egg and two spoons of water; knead briefly.\n4. Let the dough rest in the "
    "fridge "
    "for half an hour.\n5. Roll it out, line the tin, and prick the base with a fork.\n6. Bake",
};

}  // namespace

std::span<const std::string_view> floor_texts() { return kTexts; }

std::string floor_text_sha256() {
  Sha256 hash;
  for (const std::string_view text : kTexts) {
    hash.add(std::as_bytes(std::span(text)));
    hash.add(std::as_bytes(std::span("\0", 1)));
  }
  return hash.digest();
}

}  // namespace crossval
