"""An append-only log of verdicts that anyone can check, from which personal data can be erased.

A Merkle tree of RFC 6962; checkpoints and signatures in the text forms of C2SP.
"""

from __future__ import annotations

from platgov._ledger.aio import AsyncLedger
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.entry import Entry, Receipt, Record
from platgov._ledger.erasing import Erasure
from platgov._ledger.exporting import verify_export
from platgov._ledger.keys import (
    CosignatureSigner,
    CosignatureVerifier,
    Cosigner,
    Ed25519Signer,
    Ed25519Verifier,
    Signer,
    Verifier,
)
from platgov._ledger.ledger import Ledger
from platgov._ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from platgov._ledger.notes import Signature
from platgov._ledger.proofs import ConsistencyProof, InclusionProof
from platgov._ledger.verifying import Verified
from platgov._ledger.witness import FileWitness, Witness

__all__ = [
    "AsyncLedger",
    "Checkpoint",
    "ConsistencyProof",
    "CosignatureSigner",
    "CosignatureVerifier",
    "Cosigner",
    "Ed25519Signer",
    "Ed25519Verifier",
    "Entry",
    "Erasure",
    "FileWitness",
    "InclusionProof",
    "Ledger",
    "Receipt",
    "Record",
    "Signature",
    "Signer",
    "Verified",
    "Verifier",
    "Witness",
    "leaf_hash",
    "verify_consistency",
    "verify_export",
    "verify_inclusion",
]
