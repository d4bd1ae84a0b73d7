using Bft.Crypto;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.KeyGeneration;

/// <summary>Four validators, each with a state and a home of its own, over one log that a test may keep from any of them, and a pool that may lose what it is given.</summary>
internal sealed class MemberRoom : IDisposable
{
    public const int Nodes = 4;

    private readonly TemporaryDirectory _directory = new();
    private readonly ISigner[] _signers = [.. Enumerable.Range(0, Nodes).Select(i => Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)(i + 1), 32)]))];
    private readonly List<byte[]> _pool = [];
    private readonly List<byte[][]> _blocks = [];
    private readonly int[] _executed = new int[Nodes];

    public MemberRoom()
    {
        for (int i = 0; i < Nodes; i++)
        {
            Directory.CreateDirectory(DirectoryOf(i));
            File.WriteAllText(Path.Combine(DirectoryOf(i), "passphrase"), "secret");
            Start(i);
        }
    }

    public Chain Chain { get; } = new(HashFunction.Sha256.Hash("members"u8), "test", new Committee(Nodes), HashFunction.Sha256);

    public GenerationMember[] Members { get; } = new GenerationMember[Nodes];

    public SharedKeyRegistry[] Registries { get; } = new SharedKeyRegistry[Nodes];

    public SharedKeyStore[] Stores { get; } = new SharedKeyStore[Nodes];

    /// <summary>Which validators run.</summary>
    public bool[] Runs { get; } = [true, true, true, true];

    /// <summary>What becomes of a word: true when the pool takes it, false when it has no room, null when it says it took it and loses it.</summary>
    public Func<SharedKeyMessage, bool?> Pool { get; set; } = _ => true;

    /// <summary>All words that were handed to the pool, lost or not.</summary>
    public List<byte[]> Said { get; } = [];

    /// <summary>What each told its operator.</summary>
    public List<(int Member, string Name, string Content)> Told { get; } = [];

    public Height Height => new((ulong)_blocks.Count);

    public void Dispose() => _directory.Dispose();

    public string DirectoryOf(int member) => _directory[$"node-{member}"];

    public string[] SeedsOf(int member) => Directory.GetFiles(DirectoryOf(member), "generation-*.json");

    /// <summary>Starts a validator's process with an empty state: the past is executed with the next blocks, or read from a snapshot.</summary>
    public void Start(int member)
    {
        Registries[member] = new SharedKeyRegistry(Chain, [.. _signers.Select(signer => signer.PublicKey)]);
        Stores[member] = new SharedKeyStore(HomeLayout.At(DirectoryOf(member)), DirectoryOf(member), new PassphraseSource.FromFile("passphrase"), KeyDerivationCost.Light);
        Members[member] = new GenerationMember(Chain, Registries[member], _signers[member], Stores[member], Submit, (name, content) => Told.Add((member, name, content.ToString()!)));
        _executed[member] = 0;
    }

    /// <summary>Gives a validator that was just started another's state, as a snapshot does.</summary>
    public void Restore(int member, int from)
    {
        using var stream = new MemoryStream();
        var writer = new SnapshotWriter(stream);
        Registries[from].Write(writer);
        writer.Flush();
        stream.Position = 0;
        _executed[member] = _executed[from];
        Registries[member].Read(new SnapshotReader(stream), Registries[from].Root, new Height((ulong)_executed[from]));
        Members[member].AfterBlock(new Height((ulong)_executed[from]));
    }

    public void Call(Digest reshares = default, int effectAfter = 0)
    {
        var call = new GenerationCall(0, GenerationCall.LeastPhaseBlocks(Chain.Committee), default, effectAfter, reshares, []);
        for (int i = 0; i < 2; i++)
        {
            _pool.Add(new GenerationParticipant(Chain, _signers[i]).Call(i, call, Registries[0].View.Last));
        }

        Block();
    }

    /// <summary>Blocks until validator 0 has seen the end.</summary>
    public SharedKeyOutcome Run()
    {
        for (int i = 0; Registries[0].Generation!.IsRunning; i++)
        {
            Assert.True(i < 100, $"no end: stuck in {Registries[0].Generation!.Phase}");
            Block();
        }

        return Registries[0].Generation!.Outcome!;
    }

    /// <summary>The next block; whoever runs executes all blocks it has not.</summary>
    public void Block()
    {
        _blocks.Add([.. _pool]);
        _pool.Clear();
        for (int member = 0; member < Nodes; member++)
        {
            while (Runs[member] && _executed[member] < _blocks.Count)
            {
                ExecuteNext(member);
            }
        }
    }

    public void ExecuteNext(int member)
    {
        var height = new Height((ulong)++_executed[member]);
        foreach (byte[] command in _blocks[_executed[member] - 1])
        {
            Registries[member].Execute(height, command);
        }

        Registries[member].EndHeight(height);
        Members[member].AfterBlock(height);
    }

    private bool Submit(byte[] command)
    {
        SharedKeyMessage said = SharedKeyMessage.Decode(command, out _)!;
        Said.Add(command);
        bool? taken = Pool(said);
        if (taken == true)
        {
            _pool.Add(command);
        }

        return taken != false;
    }
}
