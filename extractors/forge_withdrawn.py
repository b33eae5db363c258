"""Reviews that a forge tells no more: an approval taken back, a review deleted."""

from dataclasses import dataclass, replace

import polars as pl

from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.lake import Lake

_KEY = ["number", "review_id"]


@dataclass
class KnownReviews:
    """The reviews that a forge has told of a repository, each as told last."""

    frame: pl.DataFrame

    @classmethod
    def of(cls, lake: Lake, repository_id: str) -> "KnownReviews":
        """What the lake holds.

        Raises:
            LakeError: a part cannot be read.
        """
        return cls(_newest(lake.read("forge_reviews", repository_id)))

    def add(self, reviews: pl.DataFrame) -> None:
        """Take up what was told later."""
        self.frame = _newest(pl.concat([self.frame, reviews]))

    def with_withdrawn(self, frames: ForgeFrames) -> ForgeFrames:
        """The frames of a page, in which reviews that are not told any more are dismissed.

        A pull request is told with all its reviews, unless they could not be read. So the lake
        comes to the same whether a forge is asked every night or once.
        """
        read = frames.pull_requests.select("number", now="fetched_at").filter(
            ~pl.col("number").is_in(frames.unread_reviews)
        )
        gone = (
            self.frame.filter(pl.col("state").ne_missing("dismissed"))
            .join(read, on="number")
            .join(frames.reviews, on=_KEY, how="anti")
            .with_columns(state=pl.lit("dismissed"), fetched_at=pl.col("now"))
            .select(frames.reviews.columns)
        )
        reviews = pl.concat([frames.reviews, gone])
        self.add(reviews)
        return replace(frames, reviews=reviews)


def _newest(reviews: pl.DataFrame) -> pl.DataFrame:
    return reviews.sort("fetched_at").unique(_KEY, keep="last")
