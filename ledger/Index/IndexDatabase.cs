using Bft.Engine;
using Bft.Engine.Storage;
using LiteDB;

namespace Bft.Ledger;

/// <summary>The LiteDB file: its collections, and whether it fits a ledger. One thread writes, any thread reads.</summary>
internal sealed class IndexDatabase : IDisposable
{
    private const int Version = 1;

    private readonly LiteDatabase _database;
    private readonly string _chainId;
    private readonly ILiteCollection<ProgressDocument> _progress;

    private IndexDatabase(string path, string chainId)
    {
        _chainId = chainId;
        _database = new LiteDatabase(new ConnectionString { Filename = path, Connection = ConnectionType.Direct }, new BsonMapper());
        try
        {
            Blocks = _database.GetCollection<BlockDocument>("blocks");
            Validators = _database.GetCollection<ValidatorDocument>("validators");
            Evidence = _database.GetCollection<EvidenceDocument>("evidence");
            _progress = _database.GetCollection<ProgressDocument>("progress");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    public ILiteCollection<BlockDocument> Blocks { get; }

    public ILiteCollection<ValidatorDocument> Validators { get; }

    public ILiteCollection<EvidenceDocument> Evidence { get; }

    /// <summary>The last height in it.</summary>
    public ulong Height { get; private set; }

    /// <summary>Opens the file if it is there and fits the ledger; else says why not.</summary>
    public static IndexDatabase? TryOpen(string path, Chain chain, ILedger ledger, out string reason)
    {
        reason = "";
        if (!File.Exists(path))
        {
            return null;
        }

        IndexDatabase? database = null;
        try
        {
            database = new IndexDatabase(path, chain.Id.ToString());
            reason = database.Judge(chain, ledger);
        }
        catch (Exception failed)
        {
            // A damaged file makes LiteDB throw nearly anything; whatever it is, the file is of no use.
            reason = $"it cannot be read ({failed.GetType().Name}: {failed.Message})";
        }

        if (reason.Length == 0)
        {
            return database;
        }

        database?.Dispose();
        return null;
    }

    /// <summary>Makes an empty file, replacing what is there.</summary>
    public static IndexDatabase Create(string path, Chain chain)
    {
        File.Delete(path);
        File.Delete(Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path) + "-log" + Path.GetExtension(path)));
        var database = new IndexDatabase(path, chain.Id.ToString());
        database.Blocks.EnsureIndex(block => block.Digest);
        database.Write([], []);
        return database;
    }

    /// <summary>Adds blocks, which continue the row, and evidence in one transaction.</summary>
    public void Write(IReadOnlyList<BlockDocument> blocks, IReadOnlyList<EvidenceDocument> evidence)
    {
        long height = blocks.Count == 0 ? (long)Height : blocks[^1].Height;
        _database.BeginTrans();
        try
        {
            Blocks.Insert(blocks);
            foreach (EvidenceDocument document in evidence)
            {
                Evidence.Upsert(document);
            }

            _progress.Upsert(new ProgressDocument { Version = Version, ChainId = _chainId, Height = height });
            _database.Commit();
        }
        catch
        {
            _database.Rollback();
            throw;
        }

        Height = (ulong)height;
    }

    public void Dispose() => _database.Dispose();

    private string Judge(Chain chain, ILedger ledger)
    {
        ProgressDocument? progress = _progress.FindById(1);
        if (progress is null || progress.Version != Version)
        {
            return "it is of another version or unfinished";
        }

        if (progress.ChainId != _chainId)
        {
            return "it belongs to another chain";
        }

        Height = (ulong)progress.Height;
        if (Height > ledger.Height.Value)
        {
            return $"it goes up to height {Height}, the ledger to {ledger.Height}";
        }

        long highest = Blocks.FindOne(Query.All(Query.Descending))?.Height ?? 0;
        if (highest != progress.Height)
        {
            return $"it says that it goes up to height {Height}, and its last block is {highest}";
        }

        if (Height > 0 && ledger.ReadHeader(new Height(Height))!.DigestOn(chain) != Blocks.FindById(progress.Height).Read().Digest)
        {
            return $"its block of height {Height} is not the ledger's";
        }

        return "";
    }
}
