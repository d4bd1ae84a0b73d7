namespace Bft.Engine;

/// <summary>
/// The domain tag that follows the chain id at the start of every preimage that is not a <see cref="Statement"/>, so that no
/// byte string signed or hashed for one purpose serves another. Statements use their <see cref="StatementKind"/> (below 0x80).
/// </summary>
public enum Preimage : byte
{
    /// <summary>A block header: its hash is the block's digest.</summary>
    Header = 0x80,

    /// <summary>A block's payload: its hash is the header's payload root.</summary>
    Payload = 0x81,

    /// <summary>A client's run of transactions.</summary>
    Run = 0x82,

    /// <summary>A batch of runs spread by gossip.</summary>
    Gossip = 0x83,

    /// <summary>A batch of receipts told to a client.</summary>
    Receipts = 0x84,

    /// <summary>One link of the ledger's hash chain.</summary>
    ChainLink = 0x85,

    /// <summary>The root that joins application state and sessions.</summary>
    StateRoot = 0x86,

    /// <summary>A client's identity, from scheme and key.</summary>
    Client = 0x87,

    /// <summary>One client's session in the replicated state.</summary>
    Session = 0x88,

    /// <summary>What a validator says in the generation of a shared key.</summary>
    SharedKeyMessage = 0x89,

    /// <summary>The generations of shared keys in the replicated state.</summary>
    SharedKeyState = 0x8A,
}
