using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Network.Api;

namespace Bft.Client;

/// <summary>
/// Judges proofs by genesis alone: no validator, no network. Thread-safe. A light client of this chain is this class and a way to
/// fetch bytes.
/// </summary>
public sealed class LightClient
{
    private readonly IClaims _claims;
    private readonly CommitRule? _commitRule;
    private readonly StateProofCheck? _stateProofs;

    /// <summary>Takes the keys out of genesis.</summary>
    /// <param name="genesis">What is trusted.</param>
    /// <param name="commitRule">What proves a commit; null for the rule registered for genesis' protocol.</param>
    /// <param name="stateProofs">Checks the application's state proofs; null when none are judged.</param>
    /// <exception cref="GenesisException">The certificate scheme is unknown, or a key or its proof is refused.</exception>
    public LightClient(Genesis genesis, CommitRule? commitRule = null, StateProofCheck? stateProofs = null)
    {
        Chain = genesis.ToChain();
        _claims = new Claims(Chain, genesis.CreateScheme(), new VerifiedCache());
        _commitRule = commitRule ?? Protocols.Find(genesis.Protocol)?.CommitRule;
        _stateProofs = stateProofs;
    }

    /// <summary>The chain of genesis.</summary>
    public Chain Chain { get; }

    /// <summary>True when the proof shows the block committed on this chain.</summary>
    /// <exception cref="BftClientException">The protocol's commit rule is not known here.</exception>
    public bool IsCommitted(CommittedBlock block)
    {
        CommitRule rule = _commitRule
            ?? throw new BftClientException($"The commit rule of protocol \"{Chain.Protocol}\" is unknown to this build: name it in the options, or use a newer build.");
        return rule(block.Block.Header, block.Proof, _claims);
    }

    /// <summary>
    /// The value or absence that a proof shows. Checked in this order: the certificate's subject is the header's digest on this
    /// chain; a quorum of genesis' keys signed it; the state proof leads from key and value to the header's executed state root.
    /// </summary>
    /// <remarks>
    /// A certified header suffices, committed or not: whoever voted for it compared its executed state, of a height that is
    /// committed, with its own.
    /// </remarks>
    /// <exception cref="BftClientException">The proof does not hold; the message says which link is broken.</exception>
    public ProvenValue Verify(ReadOnlySpan<byte> key, KeyProof proof)
    {
        StateProofCheck check = _stateProofs
            ?? throw new BftClientException("No check for this application's state proofs was given: set StateProofCheck in the options.");
        Statement statement = proof.Certificate.Statement;
        if (proof.Header.Height.Value == 0 || statement.View.Value == 0)
        {
            throw new BftClientException("The proof rests on the genesis block, which vouches for no state.");
        }

        if (!VouchesForBlocks(statement.Kind) || statement.Epoch != proof.Header.Epoch || statement.Subject != proof.Header.DigestOn(Chain))
        {
            throw new BftClientException($"The certificate ({statement.Kind}, view {statement.View}) is not for the header of height {proof.Header.Height} on chain {Chain.Id}: the header was changed, or belongs to another chain.");
        }

        if (!_claims.IsCertificate(proof.Certificate))
        {
            throw new BftClientException($"The certificate of view {statement.View} does not hold under the keys of genesis {Chain.Id}: forged, or of another chain.");
        }

        // Not "Found ? Value : null": a null literal would become an empty value, and no absence could be proved.
        ReadOnlyMemory<byte>? value = proof.Found ? proof.Value : default(ReadOnlyMemory<byte>?);
        if (!check(Chain, proof.Header.Executed.StateRoot, key, value, proof.StateProof))
        {
            throw new BftClientException($"The state proof does not lead to the certified state root {proof.Header.Executed.StateRoot} of height {proof.Height}: value or proof were changed.");
        }

        return new ProvenValue(
            proof.Found, proof.Value, proof.Height, proof.Header.Executed.StateRoot, proof.Certificate.View, [.. proof.Certificate.Signers.ToArray()]);
    }

    // A timeout's subject may be a block's digest too, but who gives up on a view vouches for no state.
    private static bool VouchesForBlocks(StatementKind kind) => kind is StatementKind.Vote or StatementKind.Prepare or StatementKind.Commit;
}
